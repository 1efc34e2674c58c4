// The fields of which the forms of faults are made.
let faultNumber = 0;

function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) made.append(child);
  return made;
}

const DURATIONS = ["100ms", "500ms", "1s", "5s", "10s", "30s", "1m", "5m"];
const MOMENTS = ["now", "+10s", "+30s", "+1m", "+5m"];

function listOf(id, items) {
  return h("datalist", { id }, items.map((item) => h("option", { value: item })));
}

function numberBox(field, id, value, changed) {
  const attributes = { id, type: "number", value, step: "any", "aria-label": field.label };
  if (field.low !== null) attributes.min = field.low;
  if (field.high !== null) attributes.max = field.high;
  const box = h("input", attributes);
  const read = () => (box.value === "" ? (box.validity.badInput ? "?" : "") : Number(box.value));
  box.addEventListener("input", () => changed(read()));
  return box;
}

function sliderBox(field, id, value, changed) {
  const [from, to] = field.span;
  const number = numberBox(field, `${id}-n`, value, (given) => { slider.value = given; changed(given); });
  number.style.width = "74px";
  const slider = h("input", { id, type: "range", min: from, max: to, step: field.step, value,
    "aria-valuetext": `${value} ${field.unit}`.trim() });
  slider.addEventListener("input", () => {
    number.value = slider.value;
    slider.setAttribute("aria-valuetext", `${slider.value} ${field.unit}`.trim());
    changed(Number(slider.value));
  });
  return [slider, number];
}

function manyBox(field, id, value, items, changed, titles = {}, free = false) {
  const chosen = Array.isArray(value) ? [...value] : [];
  const chips = h("span", { class: "box" });
  const input = h("input", { id, type: "text", list: `${id}-l`, autocomplete: "off",
    placeholder: chosen.length ? "add…" : (field.may_be_empty ? "anybody" : "choose…") });
  const titleOf = (item) => titles[item] ?? (typeof item === "object" ? `${item.kind} ${item.target}` : String(item));
  const byTitle = Object.fromEntries(items.map((item) => [titleOf(item), item]));
  const draw = () => {
    chips.replaceChildren(...chosen.map((item, at) => h("span", { class: "chip" }, h("span", {}, titleOf(item)),
      h("button", { type: "button", "aria-label": `Take ${titleOf(item)} out`, onclick: () => {
        chosen.splice(at, 1); draw(); changed([...chosen]); input.focus(); } }, "×"))), input);
    input.placeholder = chosen.length ? "add…" : (field.may_be_empty ? "anybody" : "choose…");
  };
  const add = () => {
    const text = input.value.trim();
    if (!text) return;
    const item = byTitle[text] ?? (free ? text : undefined);
    if (item === undefined) { changed([...chosen, text]); return; }
    input.value = "";
    if (!chosen.includes(item)) chosen.push(item);
    draw(); changed([...chosen]); input.focus();
  };
  input.addEventListener("change", add);
  input.addEventListener("input", () => { if (byTitle[input.value] !== undefined) add(); });
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); add(); } });
  draw();
  return [chips, listOf(`${id}-l`, items.map(titleOf))];
}

function textBox(field, id, value, changed, suggested, size = "") {
  const input = h("input", { id, type: "text", class: size, value: value ?? "", autocomplete: "off", spellcheck: "false",
    list: suggested.length ? `${id}-l` : null });
  input.addEventListener("input", () => changed(input.value));
  return suggested.length ? [input, listOf(`${id}-l`, suggested)] : [input];
}

function boxOf(field, id, value, changed, place) {
  switch (field.control) {
    case "slider": return sliderBox(field, id, value, changed);
    case "integer": return [numberBox(field, id, value, changed)];
    case "duration": return textBox(field, id, value, changed, DURATIONS, "short");
    case "moment": return textBox(field, id, value, changed, MOMENTS, "short");
    case "occasions": return textBox(field, id, value, changed, [], "short");
    case "targets": return manyBox(field, id, value, place.targets, changed, {}, true);
    case "parties": return manyBox(field, id, value, place.parties, changed, {}, true);
    case "kinds": return manyBox({ ...field, may_be_empty: false }, id, value, field.choices, changed);
    case "faults": return manyBox({ ...field, may_be_empty: false }, id, value, place.numbers, changed, place.titles);
    case "switch": {
      const box = h("input", { id, type: "checkbox", checked: value === true });
      box.addEventListener("change", () => changed(box.checked));
      return [box];
    }
    case "choice": {
      const box = h("select", { id }, field.choices.map((choice) =>
        h("option", { value: choice, selected: choice === value }, choice || "usual")));
      box.addEventListener("change", () => changed(box.value));
      return [box];
    }
    default: return textBox(field, id, value, changed, place.suggestions[field.name] ?? []);
  }
}
