// What stands on the graph: numbers on its lines, signs on its parts.
// -- numbers on lines -----------------------------------------------------------------------------------------------

const TAG = { width: 74, line: 12 };

function within(box, others) {
  return others.some((other) => box.x < other.x + other.width && other.x < box.x + box.width &&
    box.y < other.y + other.height && other.y < box.y + box.height);
}

// Where each label stands: as near the middle of its line as it is clear of boxes, other labels and tabs.
function placesOf(ways, parts) {
  const taken = parts.map((part) => part.bounds);
  for (const way of ways) {
    const body = way.node.querySelector(".body");
    const length = body.getTotalLength();
    const offset = way.offset;
    const wanted = [0.5, 0.58, 0.42, 0.66, 0.34, 0.74, 0.26, 0.82, 0.18];
    way.place = null;
    for (const share of wanted) {
      const point = body.getPointAtLength(length * share);
      const box = { x: offset.x + point.x - TAG.width / 2, y: offset.y + point.y - TAG.line - 1,
        width: TAG.width, height: 2 * TAG.line + 2 };
      if (!within(box, taken)) {
        taken.push(box);
        way.place = { x: point.x, y: point.y, crowded: false };
        break;
      }
    }
    if (!way.place) {
      const point = body.getPointAtLength(length * 0.5);
      way.place = { x: point.x, y: point.y, crowded: true };
    }
  }
}

// Labels lie above all lines, in a layer of their own.
function drawTag(way) {
  const { crowded } = way.place;
  const x = way.offset.x + way.place.x, y = way.offset.y + way.place.y;
  const names = `tag${crowded ? " crowded" : ""}${way.isWanted ? " wanted" : ""}`;
  const group = element("g", { class: names, "aria-hidden": "true" }, way.layer);
  const rect = element("rect", { rx: 4 }, group);
  const first = element("text", { x }, group);
  const second = element("text", { x, class: "second" }, group);
  way.tag = { group, rect, first, second, x, y };
}

function showEdge(way, found) {
  const node = way.node;
  if (!found || !found.count) {
    node.classList.remove("live", "troubled");
    node.classList.add("silent");
    if (way.tag) { way.tag.group.remove(); way.tag = null; }
    return;
  }
  if (!way.tag) drawTag(way);
  const { group, rect, first, second, x, y } = way.tag;
  const troubled = found.errors > 0;
  node.classList.remove("silent");
  node.classList.add("live");
  node.classList.toggle("troubled", troubled);
  group.classList.toggle("troubled", troubled);
  first.classList.toggle("bad", troubled);
  node.style.setProperty("--width", (1.3 + Math.min(3.2, 1.1 * Math.log10(1 + found.rate))).toFixed(2));
  node.style.setProperty("--trouble", `${Math.round(Math.min(1, 0.35 + found.errors) * 100)}%`);
  const lines = [troubled ? `${found.rate_text} ✗ ${found.errors_text}` : found.rate_text, found.p99_text];
  setText(first, lines[0]);
  setText(second, lines[1]);
  const count = lines[1] ? 2 : 1;
  const width = Math.max(...lines.map((line) => line.length)) * 5.6 + 8;
  const top = y - (count * TAG.line) / 2;
  for (const [name, value] of Object.entries({ x: x - width / 2, y: top - 1, width, height: count * TAG.line + 2 })) {
    rect.setAttribute(name, value.toFixed(1));
  }
  first.setAttribute("y", top + 9);
  second.setAttribute("y", top + 9 + TAG.line);
}

// -- signs on parts: breaker, queue, replicas, faults, one at each corner -------------------------------------------

const BOLT = "M1.2-6.5-4 1.2h3.2L-2.4 6.5 4-2H.8z";

const REACH = 9;  // how far a sign may stand out of its box; the next box is three times as far

// A sign at a corner: it begins, or ends, a little outside the box.
function badge(parent, corner, width, kind, tip) {
  const x = corner.side < 0 ? corner.x - REACH + width / 2 : corner.x + REACH - width / 2;
  const at = `translate(${x.toFixed(1)} ${corner.y.toFixed(1)})`;
  const group = element("g", { class: `badge ${kind}`, transform: at }, parent);
  element("title", {}, group).textContent = tip;
  element("rect", { x: -width / 2, y: -8, width, height: 16, rx: 8 }, group);
  return group;
}

function pill(parent, corner, text, kind, tip) {
  const group = badge(parent, corner, Math.max(18, text.length * 5.8 + 10), kind, tip);
  element("text", { y: 3.5 }, group).textContent = text;
}

function showFaults(parent, corner, faults) {
  const several = faults.length > 1;
  const group = badge(parent, corner, several ? 28 : 18, "bad", faults.join("\n"));
  element("path", { class: "bolt", d: BOLT, transform: several ? "translate(-5 0)" : "" }, group);
  if (several) element("text", { x: 6, y: 3.5 }, group).textContent = String(faults.length);
}

// A ring that is crossed: open. A ring with one stroke, and a half: half-open.
function showBreaker(parent, corner, state, tip) {
  const half = state === "half-open";
  const group = badge(parent, corner, half ? 30 : 18, half ? "warn" : "bad", tip);
  const sign = element("g", half ? { transform: "translate(-6 0)" } : {}, group);
  element("circle", { class: "cut", r: 4.6 }, sign);
  element("path", { class: "cut", d: half ? "M-3.2 3.2l6.4-6.4" : "M-3.2 3.2l6.4-6.4m-6.4 0l6.4 6.4" }, sign);
  if (half) element("text", { x: 7, y: 3.5 }, group).textContent = "½";
}

function showReplicas(parent, corner, up, down) {
  const all = up + down, gap = 9;
  const tip = down ? `${up} of ${all} replicas up, ${down} down` : `${all === 1 ? "1 replica" : `${all} replicas`} up`;
  if (all > 5) { pill(parent, corner, `${up}/${all}`, down ? "bad" : "", tip); return; }
  const group = badge(parent, corner, all * gap + 8, down ? "bad" : "", tip);
  for (let at = 0; at < all; at += 1) {
    const cx = (at - (all - 1) / 2) * gap;
    if (at < up) element("circle", { class: "up", cx, r: 3 }, group);
    else element("path", { class: "down", d: `M${cx - 2.6}-2.6l5.2 5.2m0-5.2l-5.2 5.2` }, group);
  }
}

function showNode(part, found) {
  const shown = JSON.stringify(found ? [found.breaker, found.breaker_text, found.queue, found.queue_text, found.up,
    found.down, found.faults] : null);
  if (part.shown === shown) return;
  part.shown = shown;
  if (part.badges) part.badges.remove();
  part.badges = null;
  if (!found) return;
  const group = part.badges = element("g", { "aria-hidden": "true" }, part.node);
  const { x, y, width, height } = part.outline;
  const [left, right] = [{ x, side: -1 }, { x: x + width, side: 1 }];
  const low = y + height - 4;
  if (found.faults.length) showFaults(group, { ...left, y }, found.faults);
  if (found.breaker) showBreaker(group, { ...right, y }, found.breaker, found.breaker_text);
  if (found.down || found.up > 1) showReplicas(group, { ...left, y: low }, found.up, found.down);
  if (found.queue > 0) pill(group, { ...right, y: low }, found.queue_text, found.queue_kind, found.queue_said);
}
