// Parallel coordinates: an axis for each varied hyperparameter and for the objective, and a line for each trial.
const MOST_LINES = 1000, TOP = 44, HEIGHT = 260, SIDE = 94, LEAST_GAP = 110, MOST_TICKS = 12, LINE = 13;
const SVG = "http://www.w3.org/2000/svg";

function svgElement(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

// An axis maps a value to a height, and a height back to the nearest value or level.
function parallelAxis(name) {
  const column = columnOf.get(name);
  if (column.levels) {
    const levels = [...new Set(column.values)].map((index) => column.levels[index]).sort((a, b) => a.localeCompare(b));
    const step = levels.length > 1 ? HEIGHT / (levels.length - 1) : 0;
    const heightOf = (level) => TOP + HEIGHT - levels.indexOf(level) * step;
    const tokens = (top, bottom) => {
      const inside = levels.filter((level) => heightOf(level) >= top && heightOf(level) <= bottom);
      return [`${name}=${inside.map(asWord).join("|") || "-"}`];
    };
    const ticks = levels.map((level) => [level || "none", heightOf(level)]);
    return { name, column, ticks, tokens, at: (row) => heightOf(cell(column, row)) };
  }
  const known = column.values.filter((value) => value !== null);
  const distinct = [...new Set(known)].sort((a, b) => a - b), low = distinct[0], high = distinct.at(-1);
  const log = low > 0 && high > 10 * low, same = (value) => value;
  const scale = log ? Math.log : same, back = log ? Math.exp : same, span = scale(high) - scale(low) || 1;
  const heightOf = (value) => TOP + HEIGHT - ((scale(value) - scale(low)) / span) * HEIGHT;
  const valueAt = (share, digits) => Number(back(scale(low) + share * span).toPrecision(digits));
  const marked = distinct.length <= MOST_TICKS ? distinct : [0, 0.25, 0.5, 0.75, 1].map((share) => valueAt(share, 2));
  const bound = (y) => valueAt((TOP + HEIGHT - y) / HEIGHT, 4);
  return {
    name, column,
    ticks: marked.map((value) => [shown(value), heightOf(value)]),
    tokens: (top, bottom) => [`${name}>=${bound(bottom)}`, `${name}<=${bound(top)}`],
    at: (row) => (column.values[row] === null ? TOP - 16 : heightOf(column.values[row])),
  };
}

function drawParallel(box) {
  const names = [...trialData.axes.filter((name) => columnOf.get(name).values.some((value) => value !== null)), "objective"];
  const axes = names.map(parallelAxis), gap = Math.max(LEAST_GAP, (box.clientWidth - 2 * SIDE) / (axes.length - 1));
  const width = 2 * SIDE + gap * (axes.length - 1);
  const svg = svgElement("svg", { width, height: TOP + HEIGHT + 24, viewBox: `0 0 ${width} ${TOP + HEIGHT + 24}`, role: "img",
    "aria-label": `Parallel coordinates of ${names.join(", ")}. The table below has the same trials.` });
  const objective = columnOf.get("objective").values;
  const ranked = objective.map((value, row) => [value, row]).filter(([value]) => value !== null).sort((a, b) => a[0] - b[0]);
  const best = new Set(ranked.slice(0, Math.ceil(ranked.length / 10)).map(([, row]) => row));
  const stride = Math.max(1, trialCount / MOST_LINES), lines = [];
  for (let place = 0; place < trialCount; place += stride) lines.push(Math.floor(place));
  const paths = lines.reverse().map((row) => {
    const points = axes.map((axis, index) => `${(SIDE + index * gap).toFixed(1)},${axis.at(row).toFixed(1)}`);
    const kind = objective[row] === null ? "without" : best.has(row) ? "best" : "other";
    const path = svgElement("path", { d: `M${points.join("L")}`, class: kind });
    path.onclick = () => showDetails(row);
    return [row, path];
  });
  svg.append(...paths.map(([, path]) => path));
  axes.forEach((axis, index) => svg.append(...axisParts(axis, SIDE + index * gap)));
  box.replaceChildren(svg);
  const update = () => {
    let count = 0;
    paths.forEach(([row, path]) => { path.classList.toggle("hidden", !kept[row]); count += kept[row]; });
    document.getElementById("parallel-count").textContent = `${count} of ${trialCount} trials drawn`;
  };
  filterListeners.push(update);
  update();
}

function axisParts(axis, x) {
  const parts = [svgElement("line", { x1: x, x2: x, y1: TOP, y2: TOP + HEIGHT }),
    svgElement("text", { x, y: 14, "text-anchor": "middle", class: "name" }, axis.column.title)];
  let last = Infinity;
  axis.ticks.forEach(([label, y]) => {
    if (Math.abs(last - y) < LINE) return;
    last = y;
    const short = label.length > 12 ? `${label.slice(0, 11)}…` : label;
    parts.push(svgElement("text", { x: x - 5, y: y + 4, "text-anchor": "end" }, short));
  });
  const brush = svgElement("rect", { x: x - 8, width: 16, y: TOP, height: 0, class: "brush" });
  const grip = svgElement("rect", { x: x - 14, width: 28, y: TOP - 10, height: HEIGHT + 20, class: "catch" });
  let start = null;
  const place = (event) => event.clientY - grip.ownerSVGElement.getBoundingClientRect().top;
  const range = (event) => {
    const inside = (value) => Math.min(TOP + HEIGHT, Math.max(TOP, value));
    return [inside(Math.min(start, place(event))), inside(Math.max(start, place(event)))];
  };
  const show = ([top, bottom]) => { brush.setAttribute("y", top); brush.setAttribute("height", bottom - top); };
  grip.onpointerdown = (event) => {
    start = place(event);
    grip.setPointerCapture(event.pointerId);
  };
  grip.onpointermove = (event) => { if (start !== null) show(range(event)); };
  grip.onpointerup = (event) => {
    const [top, bottom] = range(event), none = bottom - top < 4;
    start = null;
    show(none ? [TOP, TOP] : [top, bottom]);
    setConditions(axis.name, none ? [] : axis.tokens(top, bottom));
  };
  filterListeners.push(() => { if (!filterField.value.includes(axis.name)) show([TOP, TOP]); });
  return [...parts, brush, grip];
}

const parallelBox = document.getElementById("parallel-lines");
if (parallelBox) drawParallel(parallelBox);
