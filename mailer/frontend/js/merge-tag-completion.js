// Completion of merge tags: names after `{{`, filters after `|`, statements after `{%`.
const FILTERS = {
  "default('')": "when there is no value",
  upper: "CAPITALS",
  lower: "small letters",
  title: "First Letters",
  capitalize: "First letter",
  trim: "without spaces around",
  "truncate(80)": "shortened",
  date: "as the reader’s language writes it",
  "date('d MMMM')": "as a pattern",
  number: "1,234.5",
  percent: "25%",
  "currency('EUR')": "€12.50",
  "plural('one', '# of them')": "by number",
  "join(', ')": "one after another",
  length: "how many",
};
const STATEMENTS = {
  "if subscriber.name": "{% if subscriber.name %}\n\n{% endif %}",
  "if … else": "{% if subscriber.name %}\n\n{% else %}\n\n{% endif %}",
  "for tag in subscriber.tags": "{% for tag in subscriber.tags %}\n{{ tag }}\n{% endfor %}",
};

/** A source for CodeMirror; the workspace's tags are asked for once, when the first is typed. */
export function mergeTagCompletion(url) {
  let asked;
  const tags = () => (asked ??= fetch(url, { headers: { Accept: "application/json" } }).then((answer) => (answer.ok ? answer.json() : { groups: [] })));

  return async (context) => {
    const filter = context.matchBefore(/\{\{[^{}]*\|\s*\w*/);
    if (filter) {
      const from = filter.from + filter.text.lastIndexOf("|") + 1;
      const room = filter.text.slice(filter.text.lastIndexOf("|") + 1).match(/^\s*/)[0].length;
      return { from: from + room, options: Object.entries(FILTERS).map(([label, detail]) => ({ label, detail, type: "function" })) };
    }
    const statement = context.matchBefore(/\{%\s*[\w ]*/);
    if (statement) {
      return { from: statement.from, filter: false, options: Object.entries(STATEMENTS).map(([label, apply]) => ({ label, apply: closing(apply), type: "keyword" })) };
    }
    const name = context.matchBefore(/\{\{\s*[\w.]*/);
    if (!name) return null;
    const { groups } = await tags();
    const typed = name.text.replace(/^\{\{\s*/, "").toLowerCase();
    const begins = ({ path }) => path.startsWith(typed) || path.split(".").at(-1).startsWith(typed);
    const offered = groups.flatMap(({ label, tags: some }, rank) => some.map((tag) => ({ ...tag, section: { name: label, rank } })));
    const found = offered.filter(begins);
    const options = (found.length ? found : offered.filter(({ label }) => label.toLowerCase().includes(typed)))
      .map(({ label, path, tag, section }) => ({ label: path, detail: label, apply: closing(tag), section, type: "variable" }));
    return { from: name.from, filter: false, options };
  };
}

/** Put in a whole tag, over braces that were closed by themselves. */
function closing(tag) {
  return (view, completion, from, to) => {
    const behind = /^\s*[%}]?\}\}?/.exec(view.state.sliceDoc(to, to + 6))?.[0].length ?? 0;
    view.dispatch({ changes: { from, to: to + behind, insert: tag }, selection: { anchor: from + tag.length }, userEvent: "input.complete" });
  };
}
