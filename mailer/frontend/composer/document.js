// A design as plain data: rows of columns of blocks (mailer/rendering/blocks). Everything here takes a document
// and changes it in place; the store hands out copies, so that what was undone can come back.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const UNLIKE = 100;

/** An id such as `blk_7k2m9q4x`. */
export function newId(kind) {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `${kind}_${[...bytes].map((byte) => ALPHABET[byte % 32]).join("")}`;
}

/** Every block in reading order, each with where it stands. */
export function* placesOf(document) {
  for (const [rowIndex, row] of document.rows.entries())
    for (const [columnIndex, column] of row.columns.entries())
      for (const [index, block] of column.blocks.entries()) yield { row, rowIndex, column, columnIndex, block, index };
}

/** Where a block or a row stands; nothing when there is none with this id. */
export function find(document, id) {
  const rowIndex = document.rows.findIndex((row) => row.id === id);
  if (rowIndex >= 0) return { kind: "row", row: document.rows[rowIndex], rowIndex };
  for (const place of placesOf(document)) if (place.block.id === id) return { kind: "block", ...place };
  return null;
}

/** The block or row itself. */
export function partOf(document, id) {
  const place = find(document, id);
  return place && (place.block ?? place.row);
}

export function newRow(widths, blocks = []) {
  const columns = widths.map((width) => ({ id: newId("col"), width, blocks: [] }));
  columns[0].blocks = blocks;
  return { id: newId("row"), columns };
}

/** A copy of a block or a row with ids of its own. */
export function copyOf(part) {
  const copy = structuredClone(part);
  copy.id = newId(copy.columns ? "row" : "blk");
  for (const column of copy.columns ?? []) {
    column.id = newId("col");
    for (const block of column.blocks) block.id = newId("blk");
  }
  return copy;
}

/** Put a block into a column, or into a new row; a row between rows. `place`: `{ column, index }` or `{ rowIndex }`. */
export function insert(document, part, place) {
  if (part.columns) {
    document.rows.splice(place.rowIndex ?? rowAfter(document, place), 0, part);
  } else if (place.column) {
    columnOf(document, place.column).blocks.splice(place.index, 0, part);
  } else {
    document.rows.splice(place.rowIndex, 0, newRow([100], [part]));
  }
}

/** Take a block or a row out and return it. A row of one column leaves with its last block. */
export function take(document, id) {
  const place = find(document, id);
  if (place.kind === "row") return document.rows.splice(place.rowIndex, 1)[0];
  place.column.blocks.splice(place.index, 1);
  if (isEmptyRow(place.row)) document.rows.splice(place.rowIndex, 1);
  return place.block;
}

/** Take a part from where it is to a place that was named while it was still there. */
export function carry(document, id, place) {
  const from = find(document, id);
  let { index, rowIndex } = place;
  if (from.kind === "block" && place.column === from.column.id && from.index < index) index -= 1;
  const rows = document.rows.length;
  const part = take(document, id);
  const isRowGone = document.rows.length < rows;
  if (rowIndex !== undefined && isRowGone && from.rowIndex < rowIndex) rowIndex -= 1;
  if (place.column && !columnOf(document, place.column)) insert(document, part, { rowIndex: from.rowIndex });
  else insert(document, part, { ...place, index, rowIndex });
}

/** Move a block or a row one step up (-1) or down (1); a block at the end of its column goes on to the next row. */
export function step(document, id, direction) {
  const place = find(document, id);
  if (place.kind === "row") {
    const to = place.rowIndex + direction;
    if (to < 0 || to >= document.rows.length) return false;
    document.rows.splice(to, 0, document.rows.splice(place.rowIndex, 1)[0]);
    return true;
  }
  const within = place.index + direction;
  if (within >= 0 && within < place.column.blocks.length) {
    place.column.blocks.splice(within, 0, place.column.blocks.splice(place.index, 1)[0]);
    return true;
  }
  const next = document.rows[place.rowIndex + direction];
  if (!next) {
    if (place.row.columns.length === 1 && place.column.blocks.length === 1) return false;
    carry(document, id, { rowIndex: direction < 0 ? 0 : document.rows.length });
    return true;
  }
  const column = next.columns[Math.min(place.columnIndex, next.columns.length - 1)];
  carry(document, id, { column: column.id, index: direction < 0 ? column.blocks.length : 0 });
  return true;
}

/** Move a block into the column to the left (-1) or right (1). */
export function sidestep(document, id, direction) {
  const place = find(document, id);
  const column = place.row.columns?.[place.columnIndex + direction];
  if (place.kind === "row" || !column) return false;
  place.column.blocks.splice(place.index, 1);
  column.blocks.splice(Math.min(place.index, column.blocks.length), 0, place.block);
  return true;
}

/** Give a row other columns; what stood in a column that is gone goes below the last one's. */
export function lay(row, widths) {
  for (const [index, width] of widths.entries()) {
    if (row.columns[index]) row.columns[index].width = width;
    else row.columns.push({ id: newId("col"), width, blocks: [] });
  }
  const last = row.columns[widths.length - 1];
  for (const gone of row.columns.splice(widths.length)) last.blocks.push(...gone.blocks);
}

/** Where something new goes when nobody points: below what is selected, above the footer, or at the end. */
export function placeAfter(document, id) {
  const place = id && find(document, id);
  if (place?.kind === "block" && place.block.type !== "footer") return { column: place.column.id, index: place.index + 1 };
  if (place?.kind === "row") {
    const empty = place.row.columns.find((column) => !column.blocks.length);
    return empty ? { column: empty.id, index: 0 } : { rowIndex: place.rowIndex + 1 };
  }
  const footer = document.rows.findIndex((row) => row.columns.some((column) => column.blocks.some(({ type }) => type === "footer")));
  return { rowIndex: footer < 0 ? document.rows.length : footer };
}

/** "row 2, column 1": where a part stands, for those who cannot see it. */
export function whereabouts(document, id) {
  const place = find(document, id);
  if (place.kind === "row") return `row ${place.rowIndex + 1} of ${document.rows.length}`;
  const column = place.row.columns.length > 1 ? `, column ${place.columnIndex + 1}` : "";
  const among = place.column.blocks.length > 1 ? `, ${place.index + 1} of ${place.column.blocks.length}` : "";
  return `row ${place.rowIndex + 1}${column}${among}`;
}

/** What a block says, in a few words. */
export function gist(block) {
  const html = block.html ?? block.code;
  const words = block.text ?? block.label ?? block.title ?? block.name ?? block.alt ?? (html && withoutMarkup(html)) ?? "";
  const line = String(words).replace(/\s+/g, " ").trim();
  return line.length > UNLIKE ? `${line.slice(0, UNLIKE - 1)}…` : line;
}

export function columnOf(document, id) {
  for (const row of document.rows) for (const column of row.columns) if (column.id === id) return column;
  return null;
}

function rowAfter(document, place) {
  return document.rows.findIndex((row) => row.columns.some((column) => column.id === place.column)) + 1;
}

function isEmptyRow(row) {
  return row.columns.length === 1 && !row.columns[0].blocks.length;
}

/** Words without tags; a parser would be refused the styles in them by the page's policy. */
function withoutMarkup(html) {
  const entities = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " " };
  return html.replace(/<[^>]*>/g, " ").replace(/&(\w+);/g, (entity, name) => entities[name] ?? entity);
}
