// The form of a message, made from its contract's JSON Schema: text, numbers, choices, lists, contracts in contracts.
// What no control fits is written as JSON, and so can the whole message.

const MESSAGE_STYLE = `
.mf form { max-width: 700px; }
.mf fieldset { border: 0; border-left: 2px solid var(--line); margin: 0; padding: 2px 0 2px 10px; min-width: 0; }
.mf .list > .item { display: flex; gap: 6px; align-items: flex-start; margin-bottom: 4px; }
.mf .list > .item > .body { flex: 1; min-width: 0; }
.mf .field { grid-template-columns: 130px minmax(0, 1fr); align-items: start; }
.mf .field > label, .mf .field > .label { padding-top: 4px; overflow-wrap: anywhere; }
.mf .field > label.must::after, .mf .field > .label.must::after { content: " *"; color: var(--bad); }
.mf .inner .field { grid-template-columns: 110px minmax(0, 1fr); }
.mf textarea { width: 100%; min-height: 60px; resize: vertical; background: var(--paper); color: var(--ink);
  border: 1px solid var(--line); border-radius: 5px; padding: 5px 7px;
  font: 12px/1.45 var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace); }
.mf textarea:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.mf input[type=text] { width: 100%; max-width: 420px; }
.mf .answer { margin: 8px 0 0; padding: 8px 10px; border-radius: 5px; background: var(--raised); color: var(--ink);
  font: 12px/1.5 var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace); white-space: pre-wrap;
  overflow-wrap: anywhere; max-height: 260px; overflow: auto; }
.mf .answer:empty { display: none; }
.mf .top { display: flex; gap: 8px; flex-wrap: wrap; align-items: center; margin-bottom: 10px; }
.mf .top select { max-width: 320px; }
.mf .about { margin: 0; }
`;

let messageNumber = 0;
const NOTHING = Symbol("nothing");

function resolved(schema, root) {
  let found = schema ?? {};
  for (let depth = 0; found.$ref && depth < 20; depth++) {
    const name = found.$ref.split("/").pop();
    const { $ref, ...rest } = found;
    found = { ...(root.$defs ?? {})[name], ...rest };
  }
  if (found.allOf?.length === 1) return resolved({ ...found.allOf[0], ...found, allOf: undefined }, root);
  return found;
}

// A part of the form: an element, a way to take its value out, and one to show what is wrong in it.
function partOf(schema, root, value, changed, label, depth = 0) {
  let found = resolved(schema, root), isOptional = false;
  const ways = found.anyOf ?? found.oneOf;
  if (ways) {
    const kinds = ways.map((way) => resolved(way, root));
    const some = kinds.filter((kind) => kind.type !== "null");
    isOptional = some.length < kinds.length;
    if (some.length === 1) found = { ...found, ...some[0], anyOf: undefined, oneOf: undefined };
    else if (some.every((kind) => ["number", "integer", "string"].includes(kind.type)))
      found = { ...found, type: "string", anyOf: undefined };  // a decimal: text keeps all its digits
    else return jsonPart(found, value, changed, label);
  }
  if (isOptional && ["object", "array"].includes(found.type) && depth < 6)
    return optionalPart(found, root, value, changed, label, depth);
  if (found.const !== undefined) found = { ...found, enum: [found.const] };
  if (found.enum) return choicePart(found, value, changed, label, isOptional);
  switch (found.type) {
    case "boolean": return switchPart(found, value, changed, label);
    case "integer": case "number": return wordPart(found, value, changed, label, isOptional, true);
    case "string": return wordPart(found, value, changed, label, isOptional, false);
    case "array": return found.items && depth < 6 && !found.prefixItems
      ? listPart(found, root, value, changed, label, depth) : jsonPart(found, value, changed, label);
    case "object": return found.properties && depth < 6
      ? objectPart(found, root, value, changed, label, depth) : jsonPart(found, value, changed, label);
    default: return jsonPart(found, value, changed, label);
  }
}

function fit(value, schema, otherwise) { return value === undefined ? (schema.default ?? otherwise) : value; }

function wordPart(schema, value, changed, label, isOptional, isNumber) {
  const given = fit(value, schema, "");
  const input = h("input", { type: isNumber ? "number" : "text", value: given === null ? "" : given, autocomplete: "off",
    spellcheck: "false", step: schema.type === "integer" ? 1 : "any", min: schema.minimum, max: schema.maximum,
    placeholder: schema.format ?? (isOptional ? "nothing" : "") });
  input.addEventListener("input", changed);
  return { control: input, el: input, take: () => {
    if (input.value === "") return isNumber ? (isOptional ? null : NOTHING) : (isOptional ? null : "");
    return isNumber ? Number(input.value) : input.value;
  } };
}

function choicePart(schema, value, changed, label, isOptional) {
  const given = fit(value, schema, schema.enum[0]);
  const options = [...(isOptional ? [null] : []), ...schema.enum];
  const select = h("select", {}, options.map((each, at) =>
    h("option", { value: at, selected: each === given }, each === null ? "nothing" : String(each))));
  select.addEventListener("change", changed);
  return { control: select, el: select, take: () => options[Number(select.value)] };
}

function switchPart(schema, value, changed) {
  const box = h("input", { type: "checkbox", checked: Boolean(fit(value, schema, false)) });
  box.addEventListener("change", changed);
  return { control: box, el: box, take: () => box.checked };
}

function jsonPart(schema, value, changed) {
  const given = fit(value, schema, undefined);
  const area = h("textarea", { rows: 3, spellcheck: "false", placeholder: "JSON" });
  area.value = given === undefined ? "" : JSON.stringify(given, null, 2);
  area.addEventListener("input", changed);
  return { control: area, el: area, take: () => {
    if (!area.value.trim()) return NOTHING;
    try { return JSON.parse(area.value); } catch { return area.value; }
  } };
}

function optionalPart(schema, root, value, changed, label, depth) {
  const box = h("input", { type: "checkbox", "aria-label": `Give ${label}`, checked: value !== undefined && value !== null });
  const place = h("div", {});
  let part = null;
  const draw = (given) => {
    part = box.checked ? partOf(schema, root, given, changed, label, depth + 1) : null;
    place.replaceChildren(part ? part.el : "");
  };
  box.addEventListener("change", () => { draw(undefined); changed(); });
  draw(value ?? undefined);
  return { control: box, el: h("div", {}, box, place), take: () => (part ? part.take() : null),
    complain: (path, reason) => part?.complain?.(path, reason) ?? false };
}

function listPart(schema, root, value, changed, label, depth) {
  const items = [];
  const place = h("div", { class: "list" });
  const add = (given) => {
    const part = partOf(schema.items, root, given, changed, `${label} ${items.length + 1}`, depth + 1);
    part.control?.setAttribute("aria-label", `${label} ${items.length + 1}`);
    const wrong = h("div", { class: "wrong", hidden: true });
    const row = h("div", { class: "item" }, h("div", { class: "body" }, part.el, wrong),
      h("button", { type: "button", class: "plain", "aria-label": `Take ${label} ${items.length + 1} out`, onclick: () => {
        items.splice(items.findIndex((each) => each.row === row), 1); row.remove(); changed(); } }, "×"));
    items.push({ part, row, wrong });
    place.insertBefore(row, more);
  };
  const more = h("button", { type: "button", onclick: () => { add(undefined); changed(); } }, "+ Add");
  place.append(more);
  const given = fit(value, schema, undefined) ?? Array.from({ length: schema.minItems ?? 0 });
  if (Array.isArray(given)) given.forEach(add);
  return { control: more, el: place, take: () => items.map(({ part }) => part.take()).filter((each) => each !== NOTHING),
    complain: (path, reason) => {
      const item = items[Number(path[0])];
      if (!item) return false;
      if (item.part.complain && path.length > 1) return item.part.complain(path.slice(1), reason);
      return toldAt(item.wrong, reason);
    } };
}

function toldAt(wrong, reason) {
  wrong.textContent = reason;
  wrong.hidden = !reason;
  return true;
}

function objectPart(schema, root, value, changed, label, depth) {
  const parts = {};
  const required = new Set(schema.required ?? []);
  const set = h("fieldset", { class: depth ? "inner" : "", "aria-label": label });
  for (const [name, inner] of Object.entries(schema.properties)) {
    const id = `mf${++messageNumber}`;
    const part = partOf(inner, root, (value ?? {})[name], changed, name, depth + 1);
    const wrong = h("div", { class: "wrong", id: `${id}-w`, hidden: true });
    part.control.id = id;
    part.control.setAttribute("aria-describedby", `${id}-w`);
    const about = resolved(inner, root).description;
    const row = h("div", { class: "field" }, h("label", { for: id, class: required.has(name) ? "must" : "", title: about },
      name), h("div", {}, part.el), wrong);
    parts[name] = { part, wrong, row };
    set.append(row);
  }
  if (depth === 0) { set.style.border = "0"; set.style.padding = "0"; }
  return { control: set, el: set,
    take: () => Object.fromEntries(Object.entries(parts).map(([name, { part }]) => [name, part.take()])
      .filter(([, each]) => each !== NOTHING)),
    complain: (path, reason) => {
      const found = parts[path[0]];
      if (!found) return false;
      if (path.length > 1 && found.part.complain?.(path.slice(1), reason)) return true;
      found.row.classList.toggle("bad", Boolean(reason));
      found.part.control.setAttribute("aria-invalid", String(Boolean(reason)));
      return toldAt(found.wrong, path.length > 1 && reason ? `${path.slice(1).join(".")}: ${reason}` : reason);
    } };
}

class MessagePanel {
  constructor(model, ask) {
    this.model = model; this.ask = ask; this.kept = {}; this.complaints = [];
    this.el = h("div", { class: "mf" });
    this.draw();
  }

  draw() {
    const addresses = this.model.get("addresses") ?? [];
    if (!addresses.length) {
      this.el.replaceChildren(h("p", { class: "none" }, "Nothing can be sent: no command and no event is declared."));
      return;
    }
    const group = (kind, label) => {
      const some = addresses.filter((each) => each.kind === kind);
      return some.length ? h("optgroup", { label }, some.map((each) => h("option", { value: each.address }, each.address))) : null;
    };
    this.which = h("select", { "aria-label": "Address" }, group("command", "Commands"), group("event", "Events"));
    this.which.addEventListener("change", () => this.show());
    this.as = h("button", { type: "button", "aria-pressed": "false", onclick: () => this.toggle() }, "As JSON");
    this.about = h("span", { class: "about" });
    this.place = h("div", {});
    this.told = h("div", { class: "told", role: "status" });
    this.answer = h("div", { class: "answer", "aria-label": "Answer" });
    const form = h("form", { novalidate: true }, this.place, h("div", { class: "acts" },
      this.button = h("button", { type: "submit", class: "main" }, "Send")), this.told, this.answer);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.el.replaceChildren(h("div", { class: "top" }, this.which,
      h("button", { type: "button", onclick: () => this.example() }, "Example"), this.as, this.about), form);
    this.show();
  }

  get address() { return (this.model.get("addresses") ?? []).find((each) => each.address === this.which.value); }

  show(value = this.kept[this.which.value]) {
    const { schema, kind, contract } = this.address;
    this.about.textContent = `${kind}${contract ? ` of ${contract}` : ""}`;
    this.button.textContent = kind === "event" ? "Publish" : "Send";
    const isForm = Boolean(schema.properties || schema.$ref) && !this.isJson;
    this.as.disabled = !(schema.properties || schema.$ref);
    this.as.setAttribute("aria-pressed", String(!isForm));
    this.as.textContent = isForm ? "As JSON" : "As a form";
    this.part = isForm ? partOf(schema, schema, value, () => this.changed(), this.which.value)
      : jsonPart(schema, value ?? {}, () => this.changed());
    if (!isForm) { this.part.el.rows = 10; this.part.el.setAttribute("aria-label", "Message as JSON"); }
    this.place.replaceChildren(this.part.el);
    this.tell("", ""); this.answer.textContent = ""; this.complaints = [];
  }

  value() { const taken = this.part.take(); return taken === NOTHING ? {} : taken; }

  text() { return this.part.el.tagName === "TEXTAREA" ? this.part.el.value || "{}" : JSON.stringify(this.value()); }

  toggle() { this.kept[this.which.value] = this.value(); this.isJson = !this.isJson; this.show(); }

  tell(text, how) { this.told.textContent = text; this.told.className = `told ${how}`; }

  async example() {
    const address = this.which.value;
    const reply = await this.ask({ do: "example", address });
    if (reply.error) { this.tell(reply.error, "bad"); return; }
    this.kept[address] = reply.value;
    if (address === this.which.value) this.show(reply.value);
  }

  changed() {
    this.kept[this.which.value] = this.value();
    if (!this.complaints.length) return;
    clearTimeout(this.timer);  // what was complained of is looked at again while it is mended
    this.timer = setTimeout(async () => this.complain(
      (await this.ask({ do: "check-message", address: this.which.value, text: this.text() })).complaints ?? {}), 250);
  }

  complain(complaints) {
    for (const path of this.complaints) this.part.complain?.(path.split("."), "");
    this.complaints = Object.keys(complaints);
    const rest = Object.entries(complaints).filter(([path, reason]) => !(path && this.part.complain?.(path.split("."), reason)));
    const many = `${this.complaints.length} field${this.complaints.length === 1 ? " does" : "s do"} not fit`;
    this.tell(rest.length ? rest.map(([path, reason]) => (path ? `${path}: ${reason}` : reason)).join("\n")
      : this.complaints.length ? many : "", this.complaints.length ? "bad" : "");
  }

  async send() {
    this.button.disabled = true;
    this.tell("under way…", ""); this.answer.textContent = "";
    const reply = await this.ask({ do: "send", address: this.which.value, text: this.text() });
    this.button.disabled = false;
    this.complain(reply.complaints ?? {});
    if (this.complaints.length) return;
    if (reply.error) this.tell(reply.error, "bad");
    else if (reply.declared) this.tell(`${reply.declared}${reply.text ? `: ${reply.text}` : ""} (declared error)`, "bad");
    else this.tell(reply.done ?? "", "good");
    this.answer.textContent = reply.answer ?? "";
  }
}
