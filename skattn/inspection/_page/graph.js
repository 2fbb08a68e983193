"use strict";
// Pan, zoom, hover, selection, threshold and search of a graph on a canvas.
// All texts of the data are written as text, never as HTML.

const MOST_LABELS = 60, MOST_LISTED = 50, MARGIN = 30;
const $ = id => document.getElementById(id);

// ---- data -----------------------------------------------------------------------

const data = JSON.parse($("data").textContent);
const array = (Type, text) =>
  new Type(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
const places = array(Uint16Array, data.places);  // x, y of each node, up to 65535
const n = places.length / 2;
const starts = array(Uint32Array, data.starts);  // first edge of each receiver
const senders = array(n > 65536 ? Uint32Array : Uint16Array, data.senders);
const m = senders.length;
const receivers = new Uint32Array(m);
for (let i = 0; i < n; i++) receivers.fill(i, starts[i], starts[i + 1]);
const scores = data.scores ? array(Int16Array, data.scores) : null;
const oneWay = data.one_way ? array(Uint8Array, data.one_way) : null;
const colours = array(Uint8Array, data.colours);
const nameOf = i => data.names ? data.names[i] : String(i);
const strength = e => scores ? Math.abs(scores[e]) / 32767 : 1;
const scoreText = e => scores ? String(+(scores[e] * data.unit).toPrecision(3)) : "";

const edgesOf = Array.from({ length: n }, () => []);
for (let e = 0; e < m; e++) {
  edgesOf[receivers[e]].push(e);
  if (senders[e] !== receivers[e]) edgesOf[senders[e]].push(e);
}
const otherEnd = (e, i) => receivers[e] === i ? senders[e] : receivers[e];
const byStrength = Uint32Array.from({ length: m }, (_, e) => e);
if (scores) byStrength.sort((d, e) => strength(d) - strength(e));

// ---- state ----------------------------------------------------------------------

const canvas = $("graph"), pen = canvas.getContext("2d");
let scale = 1, left = 0, top_ = 0;  // of the unit square, in pixels
let hovered = -1, cursor = -1, selected = -1;
let firstEdge = 0;  // of byStrength, that is shown
let ink = {}, waiting = false;

const shown = e => !scores || strength(e) >= strength(byStrength[firstEdge]);
const at = i => [
  left + scale * places[2 * i] / 65535,
  top_ + scale * (1 - places[2 * i + 1] / 65535),
];
const radius = () => Math.max(1.5, Math.min(8, 0.22 * scale / Math.sqrt(n)));

// ---- drawing --------------------------------------------------------------------

function redraw() {
  if (!waiting) { waiting = true; requestAnimationFrame(draw); }
}

function draw() {
  waiting = false;
  const ratio = devicePixelRatio || 1;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  const near = selected < 0 ? null : neighbourhood(selected);
  drawEdges();
  drawNodes(near);
  drawNames(near);
}

function neighbourhood(i) {
  return new Set([i, ...edgesOf[i].filter(shown).map(e => otherEnd(e, i))]);
}

// One path per colour and width: fast for many edges. Negative scores are dashed.
function drawEdges() {
  const groups = Array.from({ length: 8 }, () => []);
  for (let k = firstEdge; k < m; k++) {
    const e = byStrength[k], i = receivers[e], j = senders[e];
    if (selected >= 0 && i !== selected && j !== selected) continue;
    const negative = scores && scores[e] < 0 ? 4 : 0;
    groups[negative + Math.min(3, Math.floor(4 * strength(e)))].push(e);
  }
  const faint = selected < 0 ? Math.max(0.15, Math.min(1, 40 / Math.sqrt(m))) : 1;
  groups.forEach((edges, g) => {
    const level = scores ? (g % 4 + 1) / 4 : 0.5;
    pen.strokeStyle = pen.fillStyle = !data.signed ? ink.edge : g < 4 ? ink.for : ink.against;
    pen.globalAlpha = Math.max(0.08, faint * level);
    pen.lineWidth = 0.5 + 1.5 * level;
    pen.setLineDash(g < 4 ? [] : [5, 3]);
    pen.beginPath();
    for (const e of edges) {
      pen.moveTo(...at(senders[e]));
      pen.lineTo(...at(receivers[e]));
    }
    pen.stroke();
    for (const e of edges) if (isOneWay(e)) drawHead(e);
  });
  pen.globalAlpha = 1;
  pen.setLineDash([]);
}

const isOneWay = e => oneWay !== null && oneWay[e] === 1 && receivers[e] !== senders[e];

// An arrow head at the receiver, where there is space for it.
function drawHead(e) {
  const [x, y] = at(receivers[e]), [u, v] = at(senders[e]);
  const length = Math.hypot(x - u, y - v), size = 2 + 1.2 * pen.lineWidth;
  if (length < 4 * size) return;
  const a = (x - u) / length, b = (y - v) / length, r = radius();
  const p = x - a * r, q = y - b * r;
  pen.beginPath();
  pen.moveTo(p, q);
  pen.lineTo(p - size * (2 * a - b), q - size * (2 * b + a));
  pen.lineTo(p - size * (2 * a + b), q - size * (2 * b - a));
  pen.fill();
}

function drawNodes(near) {
  const r = radius(), w = canvas.clientWidth, h = canvas.clientHeight;
  pen.lineWidth = 0.7;
  pen.strokeStyle = ink.faint;
  for (let i = 0; i < n; i++) {
    const [x, y] = at(i);
    if (x < -r || y < -r || x > w + r || y > h + r) continue;
    pen.globalAlpha = near && !near.has(i) ? 0.15 : 1;
    pen.fillStyle = data.palette[colours[i]];
    if (r < 2.5) { pen.fillRect(x - r, y - r, 2 * r, 2 * r); continue; }
    circle(x, y, r);
    pen.fill();
    pen.stroke();
  }
  pen.globalAlpha = 1;
  for (const [i, extra, colour] of [
    [data.target, 3, ink.ink], [selected, 3, ink.ink], [hovered, 2, ink.ink],
    [document.activeElement === canvas ? cursor : -1, 5, ink.focus],
  ]) {
    if (i < 0) continue;
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    circle(...at(i), r + extra);
    pen.stroke();
  }
}

function circle(x, y, r) {
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
}

// Names of the nodes in view, if they are few; none is drawn over another one.
function drawNames(near) {
  const wanted = [];
  const inView = i => {
    const [x, y] = at(i);
    return x > 0 && y > 0 && x < canvas.clientWidth && y < canvas.clientHeight;
  };
  for (let i = 0; i < n && wanted.length <= MOST_LABELS; i++)
    if ((!near || near.has(i)) && inView(i)) wanted.push(i);
  const first = [selected, cursor, data.target].filter(i => i >= 0 && inView(i));
  const names = wanted.length > MOST_LABELS ? first : [...first, ...wanted];
  const boxes = [];
  pen.font = "12px system-ui, sans-serif";
  pen.fillStyle = ink.ink;
  pen.textBaseline = "middle";
  for (const i of new Set(names)) {
    const name = nameOf(i).length > 30 ? nameOf(i).slice(0, 29) + "…" : nameOf(i);
    const [x, y] = at(i), a = x + radius() + 4, b = a + pen.measureText(name).width;
    if (boxes.some(o => a < o[1] && o[0] < b && Math.abs(y - o[2]) < 13)) continue;
    boxes.push([a, b, y]);
    pen.fillText(name, a, y);
  }
}

// ---- selection ------------------------------------------------------------------

function describe(i) {
  const edges = edgesOf[i].filter(shown).length;
  const lines = [nameOf(i)];
  if (data.notes && data.notes[i]) lines.push(data.notes[i]);
  lines.push(`${edges} edge${edges === 1 ? "" : "s"}`);
  return lines.join("\n");
}

function select(i) {
  selected = i;
  if (i >= 0) cursor = i;
  writePanel();
  redraw();
}

function writePanel() {
  $("status").textContent = cursor < 0 ? "" : describe(cursor);
  const list = $("neighbours");
  list.replaceChildren();
  if (selected < 0) return;
  const edges = edgesOf[selected].filter(shown);
  if (scores) edges.sort((d, e) => strength(e) - strength(d));
  for (const e of edges.slice(0, MOST_LISTED)) {
    const item = document.createElement("li"), button = document.createElement("button");
    const name = document.createElement("span"), score = document.createElement("span");
    const arrow = !isOneWay(e) ? "" : receivers[e] === selected ? "← " : "→ ";
    name.textContent = arrow + nameOf(otherEnd(e, selected));
    score.textContent = scoreText(e);
    button.onclick = () => { select(otherEnd(e, selected)); bringIntoView(selected); };
    button.append(name, score);
    item.append(button);
    list.append(item);
  }
  if (edges.length > MOST_LISTED) {
    const item = document.createElement("li");
    item.textContent = `and ${edges.length - MOST_LISTED} more`;
    list.append(item);
  }
}

function nearest(x, y, reach) {
  let best = -1, least = reach ** 2;
  for (let i = 0; i < n; i++) {
    const [u, v] = at(i), d = (u - x) ** 2 + (v - y) ** 2;
    if (d < least) { least = d; best = i; }
  }
  return best;
}

// The nearest node in a direction, within 45 degrees of it; of the selected
// neighbourhood if there is one.
function nextNode(dx, dy) {
  if (cursor < 0)
    return nearest(canvas.clientWidth / 2, canvas.clientHeight / 2, Infinity);
  const [x, y] = at(cursor), near = selected < 0 ? null : neighbourhood(selected);
  let best = cursor, least = Infinity;
  for (let i = 0; i < n; i++) {
    if (i === cursor || (near && !near.has(i))) continue;
    const u = at(i)[0] - x, v = at(i)[1] - y;
    const ahead = u * dx + v * dy, aside = Math.abs(u * dy - v * dx);
    if (ahead > 0 && aside <= ahead && u * u + v * v < least) {
      least = u * u + v * v;
      best = i;
    }
  }
  return best;
}

// ---- view -----------------------------------------------------------------------

function whole() {
  const w = canvas.clientWidth, h = canvas.clientHeight;
  scale = Math.max(10, Math.min(w, h) - 2 * MARGIN);
  left = (w - scale) / 2;
  top_ = (h - scale) / 2;
  redraw();
}

function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  factor = Math.max(10, Math.min(1e6, scale * factor)) / scale;
  left = x - (x - left) * factor;
  top_ = y - (y - top_) * factor;
  scale *= factor;
  redraw();
}

function pan(dx, dy) { left += dx; top_ += dy; redraw(); }

function bringIntoView(i) {
  const [x, y] = at(i), w = canvas.clientWidth, h = canvas.clientHeight;
  if (x < MARGIN || y < MARGIN || x > w - MARGIN || y > h - MARGIN)
    pan(w / 2 - x, h / 2 - y);
}

function resize() {
  const ratio = devicePixelRatio || 1, before = canvas.width;
  canvas.width = canvas.clientWidth * ratio;
  canvas.height = canvas.clientHeight * ratio;
  if (before !== canvas.width || scale === 1) whole();
  redraw();
}

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ink", "faint", "edge", "for", "against", "focus"])
    ink[name] = style.getPropertyValue("--" + name).trim();
  redraw();
}

// ---- pointer --------------------------------------------------------------------

const pointers = new Map();  // positions of the pressed ones
let moved = 0;

canvas.onpointerdown = event => {
  pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
  canvas.setPointerCapture(event.pointerId);
  if (pointers.size === 1) moved = 0;
};
canvas.onpointermove = event => {
  const before = pointers.get(event.pointerId), here = [event.offsetX, event.offsetY];
  if (!before) return hover(...here);
  moved += Math.hypot(here[0] - before[0], here[1] - before[1]);
  if (pointers.size === 2) {
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId);
    const gap = p => Math.max(1, Math.hypot(p[0] - other[1][0], p[1] - other[1][1]));
    zoom(gap(here) / gap(before), ...other[1]);
  } else if (moved > 3) pan(here[0] - before[0], here[1] - before[1]);
  pointers.set(event.pointerId, here);
};
canvas.onpointerup = event => {
  if (pointers.size === 1 && moved <= 3)
    select(nearest(event.offsetX, event.offsetY, radius() + 6));
  pointers.delete(event.pointerId);
};
canvas.onpointercancel = event => pointers.delete(event.pointerId);
canvas.onpointerleave = () => hover(-1e9, -1e9);
canvas.ondblclick = whole;

function hover(x, y) {
  const i = nearest(x, y, radius() + 6), tip = $("tip");
  if (i !== hovered) { hovered = i; redraw(); }
  tip.hidden = i < 0;
  if (i < 0) return;
  tip.textContent = describe(i);
  tip.style.left = Math.min(x + 14, canvas.clientWidth - tip.offsetWidth - 4) + "px";
  tip.style.top = Math.min(y + 12, canvas.clientHeight - tip.offsetHeight - 4) + "px";
}

// Inside another page the wheel scrolls that page, until the graph has the focus.
canvas.addEventListener("wheel", event => {
  if (window !== window.top && document.activeElement !== canvas && !event.ctrlKey) return;
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.offsetX, event.offsetY);
}, { passive: false });

// ---- keyboard -------------------------------------------------------------------

const ARROWS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};
canvas.onkeydown = event => {
  const arrow = ARROWS[event.key];
  if (arrow && event.shiftKey) pan(-50 * arrow[0], -50 * arrow[1]);
  else if (arrow) moveCursor(nextNode(...arrow));
  else if (event.key === "Enter" || event.key === " ") select(cursor);
  else if (event.key === "Escape") select(-1);
  else if (event.key === "+" || event.key === "=") zoom(1.3);
  else if (event.key === "-") zoom(1 / 1.3);
  else if (event.key === "0") whole();
  else return;
  event.preventDefault();
};
canvas.onfocus = canvas.onblur = redraw;

function moveCursor(i) {
  cursor = i;
  if (i < 0) return;
  $("status").textContent = describe(i);
  bringIntoView(i);
  redraw();
}

// ---- controls -------------------------------------------------------------------

// Enter goes to the next node whose name contains the text; equal names come first.
let query = null, matches = [], match = 0;
$("find").onkeydown = event => {
  if (event.key !== "Enter") return;
  const text = $("find").value.trim().toLowerCase();
  if (text !== query) {
    query = text;
    matches = [];
    for (let i = 0; i < n && text; i++)
      if (nameOf(i).toLowerCase().includes(text)) matches.push(i);
    const rank = i => nameOf(i).toLowerCase() === text ? 0 : 1;
    matches.sort((i, j) => rank(i) - rank(j) || i - j);
    match = 0;
  } else match = (match + 1) % Math.max(1, matches.length);
  $("found").textContent =
    !text ? "" : matches.length ? `${match + 1} of ${matches.length}` : "no node";
  if (!matches.length) return;
  select(matches[match]);
  bringIntoView(selected);
};

function setThreshold() {
  if (!m) return;
  firstEdge = Math.min(m - 1, Math.floor(m * $("least").value / 100));
  while (firstEdge && strength(byStrength[firstEdge - 1]) === strength(byStrength[firstEdge]))
    firstEdge--;  // equal edges are shown together
  const edge = Math.abs(+scoreText(byStrength[firstEdge]));
  $("kept").textContent = `${edge}, ${m - firstEdge} of ${m} edges`;
  writePanel();
  redraw();
}
$("least").oninput = setThreshold;
$("threshold").hidden = !scores;
$("closer").onclick = () => zoom(1.3);
$("farther").onclick = () => zoom(1 / 1.3);
$("whole").onclick = whole;

for (const [text, colour] of data.legend) {
  const item = document.createElement("li"), dot = document.createElement("span");
  dot.style.background = colour;
  item.append(dot, text);
  $("legend").append(item);
}

matchMedia("(prefers-color-scheme: dark)").onchange = readColours;
new ResizeObserver(resize).observe(canvas);
readColours();
resize();
if (scores) setThreshold();
if (data.target >= 0) select(data.target);
