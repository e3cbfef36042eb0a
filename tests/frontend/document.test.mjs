// The operations on a design: whatever is done in whatever order, nothing is lost, doubled or out of shape.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  carry,
  copyOf,
  find,
  insert,
  lay,
  newId,
  newRow,
  partOf,
  placeAfter,
  placesOf,
  sidestep,
  step,
  take,
  whereabouts,
} from "../../mailer/frontend/composer/document.js";

const block = (type = "text") => ({ id: newId("blk"), type });
const ids = (document) => [...placesOf(document)].map((place) => place.block.id);

function letter() {
  const [logo, heading, words, button, footer] = ["logo", "heading", "text", "button", "footer"].map(block);
  const document = { rows: [newRow([100], [logo]), newRow([100], [heading, words, button]), newRow([100], [footer])] };
  return { document, logo, heading, words, button, footer };
}

test("a block goes on to the next row at the end of its column", () => {
  const { document, button } = letter();

  assert.equal(step(document, button.id, 1), true);

  assert.equal(whereabouts(document, button.id), "row 3, 1 of 2");
});

test("a row leaves with its last block, and the place that was meant is kept", () => {
  const { document, logo, words } = letter();
  const { column } = find(document, words.id);

  carry(document, logo.id, { column: column.id, index: 2 });

  assert.equal(document.rows.length, 2);
  assert.equal(whereabouts(document, logo.id), "row 1, 3 of 4");
});

test("the first cannot go up, nor the last row down", () => {
  const { document, logo } = letter();

  assert.equal(step(document, logo.id, -1), false);
  assert.equal(step(document, document.rows.at(-1).id, 1), false);
});

test("what is new stands above the footer when nothing is selected", () => {
  const { document, footer } = letter();

  insert(document, block("divider"), placeAfter(document, null));

  assert.equal(ids(document).at(-1), footer.id);
});

test("fewer columns keep every block", () => {
  const row = newRow([33, 34, 33]);
  for (const column of row.columns) column.blocks.push(block());
  const document = { rows: [row] };
  const before = ids(document);

  lay(row, [50, 50]);

  assert.deepEqual(ids(document), before);
});

test("a copy has ids of its own", () => {
  const { document } = letter();
  const copy = copyOf(document.rows[1]);

  insert(document, copy, { rowIndex: 1 });

  assert.equal(new Set(ids(document)).size, ids(document).length);
});

test("nothing is lost or doubled, whatever is done", () => {
  let seed = 1;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const any = (list) => list[random(list.length)];
  const layouts = [[100], [50, 50], [33, 34, 33], [33, 67]];

  for (let round = 0; round < 300; round += 1) {
    const { document } = letter();
    let count = ids(document).length;
    for (let turn = 0; turn < 25; turn += 1) {
      const parts = [...document.rows.map(({ id }) => id), ...ids(document)];
      const id = any(parts);
      const isBlock = id.startsWith("blk");
      const columns = document.rows.flatMap((row) => row.columns);
      const target = any(columns);
      const place = random(2) && isBlock ? { column: target.id, index: random(target.blocks.length + 1) } : { rowIndex: random(document.rows.length + 1) };
      const deed = random(7);
      if (deed === 0) step(document, id, random(2) ? 1 : -1);
      else if (deed === 1) sidestep(document, id, random(2) ? 1 : -1);
      else if (deed === 2 && isBlock) carry(document, id, place);
      else if (deed === 3) lay(any(document.rows), any(layouts));
      else if (deed === 4) {
        insert(document, block(), isBlock ? place : placeAfter(document, id));
        count += 1;
      } else if (deed === 5 && isBlock && count > 3) {
        take(document, id);
        count -= 1;
      } else if (deed === 6) insert(document, newRow(any(layouts)), { rowIndex: random(document.rows.length + 1) });

      const now = ids(document);
      assert.equal(now.length, count);
      assert.equal(new Set(now).size, count);
      for (const row of document.rows) assert.equal(row.columns.reduce((sum, { width }) => sum + width, 0), 100);
      for (const one of now) assert.equal(partOf(document, one).id, one);
    }
  }
});
