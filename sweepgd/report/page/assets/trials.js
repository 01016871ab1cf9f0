// The table of trials, a page at a time, and the details of one trial.
const PAGE = 50;
const trialTable = document.getElementById("trial-table");
const moreButton = document.getElementById("more");
let order = Array.from({ length: trialCount }, (_, row) => row);
let sortedBy = null, ascending = true, pageRows = PAGE;

function compareRows(column, sign) {
  const rank = column.levels && [...column.levels.keys()].sort((a, b) => column.levels[a].localeCompare(column.levels[b]));
  const place = rank && rank.reduce((places, level, index) => { places[level] = index; return places; }, []);
  const value = (row) => (place ? place[column.values[row]] : column.values[row]);
  return (a, b) => {
    const one = value(a), other = value(b);
    if (one === null || other === null) return (one === null) - (other === null) || a - b;
    return sign * (one - other) || a - b;
  };
}

function showTable() {
  const rows = order.filter((row) => kept[row]);
  const body = element("tbody", {}, ...rows.slice(0, pageRows).map(trialRow));
  trialTable.tBodies[0].replaceWith(body);
  moreButton.hidden = rows.length <= pageRows;
  const [some, all] = [rows.length, trialCount].map((count) => count.toLocaleString("en"));
  document.getElementById("count").textContent = `${some} of ${all} trials${filterProblem}`;
}

function trialRow(row) {
  const cells = columns.map((column) => {
    const made = element("td", { textContent: shown(cell(column, row)), className: column.levels ? "" : "number" });
    if (made.textContent.length > 40) made.title = made.textContent;
    return made;
  });
  const number = cells[0].textContent;
  cells[0].replaceChildren(element("button", { type: "button", textContent: number, ariaLabel: `Details of trial ${number}` }));
  return element("tr", { onclick: () => showDetails(row) }, ...cells);
}

function sortBy(name) {
  ascending = sortedBy === name ? !ascending : true;
  sortedBy = name;
  order.sort(compareRows(columnOf.get(name), ascending ? 1 : -1));
  for (const head of trialTable.tHead.rows[0].cells) {
    const chosen = head.dataset.name === name;
    head.ariaSort = chosen ? (ascending ? "ascending" : "descending") : null;
    head.querySelector("span").textContent = chosen ? (ascending ? " ▲" : " ▼") : "";
  }
  pageRows = PAGE;
  showTable();
}

function trialHead(column) {
  const mark = element("span", { ariaHidden: "true" });
  const button = element("button", { type: "button", onclick: () => sortBy(column.name) }, column.title, mark);
  const head = element("th", { scope: "col", className: column.levels ? "" : "number" }, button);
  head.dataset.name = column.name;
  head.title = column.name;  // as a condition of the filter names it
  return head;
}

const details = document.getElementById("details");
const CURVES = { train_loss: "train loss", validation_loss: "validation loss" };
let openRow = null;

function curveSpec(curve) {
  const values = Object.keys(CURVES).filter((name) => curve[name]).flatMap((name) =>
    curve.update.map((update, index) => ({ update, loss: curve[name][index], part: CURVES[name] })));
  const positive = values.every((point) => point.loss === null || point.loss > 0);
  const scale = positive ? { type: "log", nice: false } : { zero: false };
  return {
    width: 480, height: 210, data: { values }, mark: { type: "line", point: values.length < 30 },
    encoding: {
      x: { field: "update", type: "quantitative", title: "updates" },
      y: { field: "loss", type: "quantitative", scale },
      color: { field: "part", type: "nominal", title: null, scale: { range: ["#0072B2", "#D55E00"] } },
    },
    config: {
      axis: { gridColor: "#E6E6E6", titleFontWeight: "normal", tickCount: 6, labelOverlap: true },
      view: { stroke: null },
    },
  };
}

function showDetails(row) {
  openRow = row;
  const number = columns[0].values[row], curve = trialData.curves[number], box = document.getElementById("details-curve");
  document.getElementById("details-title").textContent = `Trial ${number}`;
  document.getElementById("details-values").replaceChildren(...columns.slice(1).flatMap((column) => {
    const value = shown(cell(column, row));
    return value === "" ? [] : [element("dt", { textContent: column.title }), element("dd", { textContent: value })];
  }));
  if (!details.open) details.showModal();
  drawn.delete(box);
  if (curve) paint(box, curveSpec(curve));
  else box.textContent = "The page has no curve of this trial; the record may have one.";
}

if (trialTable) {
  trialTable.tHead.append(element("tr", {}, ...columns.map(trialHead)));
  moreButton.addEventListener("click", () => { pageRows += 2 * PAGE; showTable(); });
  document.getElementById("close").addEventListener("click", () => details.close());
  details.addEventListener("click", (event) => { if (event.target === details) details.close(); });
  filterListeners.push(() => { pageRows = PAGE; showTable(); });
  themeListeners.push(() => { if (details.open) showDetails(openRow); });
  showTable();
}
