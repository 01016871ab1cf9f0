// Parallel coordinates: an axis for each varied hyperparameter and for the objective, and a line for each trial.
const MOST_LINES = 1000, TOP = 44, HEIGHT = 260, SIDE = 84, LEAST_GAP = 110, MOST_TICKS = 12, LINE = 13;
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
    return { name, column, ticks: levels.map((level) => [level || "none", TOP + HEIGHT - levels.indexOf(level) * step]),
      at: (row) => TOP + HEIGHT - levels.indexOf(cell(column, row)) * step,
      tokens: (top, bottom) => [`${name}=${levels.filter((_, index) => { const y = TOP + HEIGHT - index * step; return y >= top && y <= bottom; }).map(asWord).join("|") || "-"}`] };
  }
  const known = column.values.filter((value) => value !== null);
  const low = known.reduce((a, b) => Math.min(a, b), Infinity), high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  const log = low > 0 && high > 10 * low, scale = log ? Math.log : (value) => value, back = log ? Math.exp : (value) => value;
  const span = scale(high) - scale(low) || 1;
  const at = (value) => TOP + HEIGHT - ((scale(value) - scale(low)) / span) * HEIGHT;
  const distinct = [...new Set(known)].sort((a, b) => a - b);
  const marked = distinct.length <= MOST_TICKS ? distinct : [0, 0.25, 0.5, 0.75, 1].map((share) => Number(back(scale(low) + share * span).toPrecision(2)));
  return { name, column, ticks: marked.map((value) => [shown(value), at(value)]),
    at: (row) => (column.values[row] === null ? TOP - 16 : at(column.values[row])),
    tokens: (top, bottom) => [[">=", bottom], ["<=", top]].map(([sign, y]) => `${name}${sign}${Number(back(scale(low) + ((TOP + HEIGHT - y) / HEIGHT) * span).toPrecision(4))}`) };
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
    parts.push(svgElement("text", { x: x - 5, y: y + 4, "text-anchor": "end" }, label.length > 12 ? `${label.slice(0, 11)}…` : label));
  });
  const brush = svgElement("rect", { x: x - 8, width: 16, y: TOP, height: 0, class: "brush" });
  const grip = svgElement("rect", { x: x - 14, width: 28, y: TOP - 10, height: HEIGHT + 20, class: "catch" });
  let start = null;
  const range = (event) => {
    const y = event.clientY - grip.ownerSVGElement.getBoundingClientRect().top;
    const inside = (value) => Math.min(TOP + HEIGHT, Math.max(TOP, value));
    return [inside(Math.min(start, y)), inside(Math.max(start, y))];
  };
  const show = ([top, bottom]) => { brush.setAttribute("y", top); brush.setAttribute("height", bottom - top); };
  grip.onpointerdown = (event) => { start = event.clientY - grip.ownerSVGElement.getBoundingClientRect().top; grip.setPointerCapture(event.pointerId); };
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
