// What stands before the script of every component: making elements, and one form for both kinds of model.
function html(name, attributes = {}, parent = null, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
}

// Panel's model is a proxy with properties; a notebook's has get, set and save_changes. Everything here uses the latter.
// (Panel's own shim for anywidgets cannot stand on one page with its other components: both share one cached renderer.)
function adapted(given) {
  if (typeof given.get === "function") return given;
  const changes = new Map();
  return {
    get: (name) => given[name],
    set: (name, value) => changes.set(name, value),
    save_changes: () => {
      for (const [name, value] of changes) given[name] = value;
      changes.clear();
    },
    on: (name, run) => given.on(name, run),
    off: (name, run) => given.off(name, run),
    onRemove: (run) => given.on("remove", run),
  };
}
