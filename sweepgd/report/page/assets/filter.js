// Which trials are shown: words and conditions from one field, which the axes of the parallel coordinates write to as well.
const trialData = JSON.parse(document.getElementById("trial-data").textContent);
const columns = trialData.columns;
const columnOf = new Map(columns.map((column) => [column.name, column]));
const trialCount = columns[0].values.length;
const filterField = document.getElementById("filter");
const filterListeners = [];
let filterProblem = "";  // names a column of a condition that does not exist
let kept = new Uint8Array(trialCount).fill(1);

function cell(column, row) {
  const value = column.values[row];
  return column.levels ? column.levels[value] : value;
}

// A condition is a word, so that spaces in a level are written as underscores.
function asWord(level) { return level.replace(/\s+/g, "_"); }

const COMPARE = {
  "<=": (one, other) => one <= other, ">=": (one, other) => one >= other,
  "<": (one, other) => one < other, ">": (one, other) => one > other,
};

// A token such as batch_size>=64 or optimizer=sgd|adam is a condition; any other is a word to find in a row.
function condition(token) {
  const parts = /^([^<>=]+)(<=|>=|=|<|>)(.+)$/.exec(token);
  const column = parts && columnOf.get(parts[1]);
  if (parts && !column) {
    filterProblem = `; there is no column ${parts[1]}, only ${[...columnOf.keys()].join(", ")}`;
    return () => true;
  }
  if (!column) {
    const word = token.toLowerCase();
    return (row) => columns.some((one) => String(cell(one, row) ?? "").toLowerCase().includes(word));
  }
  if (parts[2] === "=") {
    const wanted = new Set(parts[3].split("|").map((name) => (column.levels ? name : Number(name))));
    return (row) => wanted.has(column.levels ? asWord(cell(column, row)) : cell(column, row));
  }
  const bound = Number(parts[3]), holds = COMPARE[parts[2]];
  return (row) => cell(column, row) !== null && holds(cell(column, row), bound);
}

function applyFilter() {
  filterProblem = "";
  const conditions = (filterField?.value.match(/\S+/g) ?? []).map(condition);
  kept = Uint8Array.from({ length: trialCount }, (_, row) => (conditions.every((holds) => holds(row)) ? 1 : 0));
  filterListeners.forEach((listener) => listener());
}

// Replaces the conditions on one column by others.
function setConditions(name, tokens) {
  const others = (filterField.value.match(/\S+/g) ?? []).filter((token) => token.split(/[<>=]/)[0] !== name);
  filterField.value = [...others, ...tokens].join(" ");
  applyFilter();
}

filterField?.addEventListener("input", applyFilter);
document.getElementById("clear")?.addEventListener("click", () => { filterField.value = ""; applyFilter(); });
