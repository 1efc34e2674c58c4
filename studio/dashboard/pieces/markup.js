// HTML that Python has made: links change what the session looks at, buttons act, cells are shown by the page around.
export function render({ model }) {
  const root = document.createElement("div");
  root.className = "markup";

  function draw() {
    const focused = root.getRootNode().activeElement;
    const at = root.contains(focused) ? places().indexOf(focused) : -1;
    const held = at >= 0 ? nameOf(focused) : "";
    const open = [...root.querySelectorAll("details")].map((each) => each.open);
    root.innerHTML = model.html;
    root.querySelectorAll("details").forEach((each, index) => { if (open[index] !== undefined) each.open = open[index]; });
    if (model.label) {
      root.setAttribute("role", "region");
      root.setAttribute("aria-label", model.label);
    }
    keepLetters();
    if (at >= 0) (places().find((each) => nameOf(each) === held) ?? places()[at])?.focus({ preventScroll: true });
  }

  // What is drawn as wide as its place would have its letters pulled along; markup.css takes that back.
  function keepLetters() {
    for (const svg of root.querySelectorAll("svg[preserveAspectRatio=none]")) {
      const { width } = svg.viewBox.baseVal;
      svg.style.setProperty("--letters", width / (svg.clientWidth || width));
    }
  }

  const places = () => [...root.querySelectorAll("a, button, summary")];
  const nameOf = (each) => JSON.stringify([each.tagName, each.textContent, { ...each.dataset }]);

  root.addEventListener("click", (event) => {
    const made = event.target.closest("[data-go], [data-act], [data-cell], [data-png]");
    if (!made || made.disabled) return;
    if (made.dataset.go) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own
      event.preventDefault();
      model.send_msg({ kind: "go", changes: JSON.parse(made.dataset.go) });
    } else if (made.dataset.act) {
      model.send_msg({ kind: "act", name: made.dataset.act, value: made.dataset.value || "" });
    } else if (made.dataset.png) {
      savePng(model.picture, made.dataset.png);
    } else {
      const told = { source: "studio-dashboard", kind: "cell", cell: made.dataset.cell, line: Number(made.dataset.line) };
      window.parent.postMessage(told, "*"); // alone, the page tells itself, and nobody listens
    }
  });

  // Keys work all over the tab that is shown, but not while something is written.
  function pressed(event) {
    const name = model.keys[event.key];
    if (!name || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!root.getClientRects().length || document.querySelector("dialog[open]")) return;
    const into = event.composedPath()[0];
    if (into instanceof Element && into.matches("input, textarea, select, [contenteditable]")) return;
    const button = root.querySelector(`[data-act="${name}"]`);
    if (!button || button.disabled) return;
    event.preventDefault();
    button.click();
  }

  document.addEventListener("keydown", pressed);
  const watch = new ResizeObserver(keepLetters);
  watch.observe(root);
  model.on("remove", () => {
    document.removeEventListener("keydown", pressed);
    watch.disconnect();
  });
  model.on(["html", "label"], draw);
  draw();
  return root;
}

// Draw an SVG at twice its size, as sharp screens show it, and save it.
function savePng(svg, name) {
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  const [, , width, height] = (root.getAttribute("viewBox") || "0 0 0 0").split(/\s+/).map(Number);
  if (!width) return;
  root.setAttribute("width", width);
  root.setAttribute("height", height);
  root.removeAttribute("style");
  const url = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" }));
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    canvas.width = width * 2;
    canvas.height = height * 2;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(url);
    canvas.toBlob((blob) => {
      const anchor = document.createElement("a");
      anchor.href = URL.createObjectURL(blob);
      anchor.download = `${name}.png`;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
    }, "image/png");
  };
  image.src = url;
}
