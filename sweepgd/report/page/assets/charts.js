// Draws a chart when it comes near the screen, when the browser has nothing else to do, and before printing.
const DARK = JSON.parse(document.getElementById("dark-colours").textContent);
const PAINT = new Set(["fill", "stroke", "color", "background", "range", "value", "gridColor", "subtitleColor"]);
const AXIS = 75, LEGEND = 210, NARROW = 560;
const specs = new Map();
const drawn = new Map();

function specOf(id) {
  if (!specs.has(id)) specs.set(id, JSON.parse(document.getElementById(id).textContent));
  return specs.get(id);
}

// Black marks and the darkest shades of viridis cannot be seen on dark paper. The data are left as they are.
function recoloured(node, key) {
  if (Array.isArray(node)) return node.map((entry) => recoloured(entry, key));
  if (node !== null && typeof node === "object") {
    if (node.name === "viridis") return { ...node, extent: [0.2, 1] };
    return Object.fromEntries(Object.entries(node).map(([name, entry]) =>
      [name, name === "datasets" ? entry : recoloured(entry, name)]));
  }
  if (key === "scheme" && node === "viridis") return { name: node, extent: [0.2, 1] };
  return PAINT.has(key) && Object.hasOwn(DARK, node) ? DARK[node] : node;
}

function widthOf(spec) {
  if (spec.hconcat) return spec.hconcat.reduce((sum, panel) => sum + widthOf(panel), 0);
  if (spec.vconcat) return Math.max(...spec.vconcat.map(widthOf));
  return (spec.width ?? 200) + AXIS;
}

// Panels that do not fit beside each other become narrower, and those that would be too narrow stand below each other. The
// areas of a landscape and the images of a sheet are in pixels already: such a chart is scaled as a picture.
const LEAST_SHARE = 0.6;
function has(spec, word) { return JSON.stringify({ ...spec, datasets: null }).includes(`"${word}"`); }
function isLandscape(spec) { return has(spec, "geoshape"); }
function isPicture(spec) { return isLandscape(spec) || has(spec, "image"); }

// The width of the widest legend, from the length of its title and labels; 0 without a legend.
function legendWidth(node) {
  if (node === null || typeof node !== "object") return 0;
  const own = ["color", "shape", "strokeDash"].map((channel) => node[channel]).filter((encoding) => encoding?.field);
  const words = own.flatMap(({ title, scale }) => [title ?? "", ...(Array.isArray(scale?.domain) ? scale.domain : [])]);
  const inner = Object.entries(node).map(([name, entry]) => (name === "datasets" ? 0 : legendWidth(entry)));
  return Math.max(0, ...inner, ...words.map((word) => Math.min(LEGEND, 45 + 6 * String(word).length)));
}

function fitted(spec, room) {
  const fixed = isPicture(spec);
  const shrink = (node, space) => {
    const own = { ...node };
    if (own.hconcat) {
      const panels = own.hconcat.length, needed = widthOf(own) - panels * AXIS, share = (space - panels * AXIS) / needed;
      if (share < LEAST_SHARE) {
        own.vconcat = own.hconcat;
        delete own.hconcat;
      } else {
        own.hconcat = own.hconcat.map((panel) => shrink(panel, Math.min(1, share) * (widthOf(panel) - AXIS) + AXIS));
      }
    }
    if (own.vconcat) own.vconcat = own.vconcat.map((panel) => shrink(panel, space));
    if (own.width > space - AXIS && !fixed) own.width = Math.max(150, Math.floor(space - AXIS));
    return own;
  };
  return shrink(spec, room);
}

function themed(spec, room) {
  const dark = isDark(), label = dark ? "#c3cad2" : "#3d444d";
  const painted = dark && !isLandscape(spec) ? recoloured(spec) : { ...spec };
  const config = { ...painted.config, background: null, mark: { tooltip: true } };
  config.axis = { ...config.axis, labelColor: label, titleColor: label, domainColor: label, tickColor: label };
  config.legend = { ...config.legend, labelLimit: 190, labelColor: label, titleColor: label };
  if (room < NARROW) Object.assign(config.legend, { orient: "bottom", columns: room < 420 ? 2 : 3, labelLimit: 140 });
  config.text = { ...config.text, color: label, ...(room < NARROW && !isPicture(spec) ? { fontSize: 9, angle: 300 } : {}) };
  config.title = { ...config.title, color: label, subtitleColor: label };
  config.style = { "group-title": { fill: label } };
  return { ...painted, config, padding: 4, autosize: "pad" };
}

function paint(box, spec) {
  const style = getComputedStyle(box);
  const room = Math.floor(box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
  const key = `${room} ${isDark()}`;
  if (room <= 0 || drawn.get(box)?.key === key) return;
  const ticket = { key };
  drawn.set(box, ticket);
  const chart = themed(fitted(spec, room < NARROW ? room : room - legendWidth(spec)), room);
  const inner = document.createElement("div");
  const tooltip = { theme: isDark() ? "dark" : "light" };
  const options = { mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, logLevel: 1, tooltip };
  vegaEmbed(inner, chart, options).then(() => {
    if (drawn.get(box) !== ticket) return; // another chart or another width was asked for meanwhile
    inner.querySelector("svg").setAttribute("aria-hidden", "true");
    box.replaceChildren(inner);
  });
}

const chartBoxes = [...document.querySelectorAll(".chart[data-spec]")];
const draw = (box) => paint(box, specOf(box.dataset.spec));
const redraw = () => drawn.forEach((_, box) => box.dataset.spec && draw(box));
const near = new IntersectionObserver((entries) => entries.forEach((entry) => {
  if (!entry.isIntersecting) return;
  near.unobserve(entry.target);
  draw(entry.target);
}), { rootMargin: "400px" });
chartBoxes.forEach((box) => near.observe(box));
const whenIdle = window.requestIdleCallback ?? ((call) => setTimeout(call, 200));
function drawNext() {
  const box = chartBoxes.find((one) => !drawn.has(one));
  if (box) { draw(box); whenIdle(drawNext); }
}
whenIdle(drawNext);
themeListeners.push(redraw);
let resizing = 0;
addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(redraw, 150); });
addEventListener("beforeprint", () => {
  document.querySelectorAll("details.rows").forEach((rows) => { rows.open = true; });
  chartBoxes.forEach(draw);
});

// The numbers of a figure as tables, for those who cannot see it.
const MOST_ROWS = 300;
function axisTitles(node, found = {}) {
  if (node === null || typeof node !== "object") return found;
  for (const [name, entry] of Object.entries(node)) {
    if (name === "datasets") continue;
    if (entry?.field && typeof entry.title === "string") found[entry.field] = entry.title;
    axisTitles(entry, found);
  }
  return found;
}

function numberTable(rows, titles) {
  const simple = (name) => rows[0][name] === null || typeof rows[0][name] !== "object";
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter(simple);
  const table = element("table");
  table.createTHead().append(tableRow(names.map((name) => titles[name] ?? name.replaceAll("_", " ")), "th"));
  const body = table.createTBody();
  rows.slice(0, MOST_ROWS).forEach((row) => body.append(tableRow(names.map((name) => shown(row[name])))));
  const box = element("div", { className: "scroll", tabIndex: 0 }, table);
  const more = element("p", { className: "legend", textContent: `the first ${MOST_ROWS} of ${rows.length} rows` });
  return rows.length > MOST_ROWS ? [box, more] : [box];
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function tableRow(cells, kind = "td") {
  const scope = kind === "th" ? { scope: "col" } : {};
  return element("tr", {}, ...cells.map((textContent) => element(kind, { textContent, ...scope })));
}

function shown(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

document.querySelectorAll("details.numbers").forEach((details) => details.addEventListener("toggle", () => {
  if (details.childElementCount > 1) return;
  const spec = specOf(details.dataset.spec), titles = axisTitles(spec);
  const isTable = (rows) => Array.isArray(rows) && rows.length > 0 && rows[0].type !== "Feature";
  const tables = Object.values(spec.datasets ?? {}).filter(isTable);
  details.append(...tables.flatMap((rows) => numberTable(rows, titles)));
}));
