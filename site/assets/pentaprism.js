// The index of models: filter, sort, and both in the address. The page is complete without this file.
// Its search is called `find`, because `q` in an address opens Material's own search.
(function () {
  "use strict";

  function each(selector, act, root) {
    Array.prototype.forEach.call((root || document).querySelectorAll(selector), act);
  }

  var landmarks = 0;

  // Material leaves its search dialog without a name, wide tables out of the keyboard's reach, and gives every code
  // block's buttons the same name.
  function repair() {
    each("[data-md-component=search][role=dialog]:not([aria-label])", function (dialog) {
      dialog.setAttribute("aria-label", "Search");
    });
    each(".md-typeset__scrollwrap:not([tabindex])", function (box) {
      landmarks += 1;
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", "Table " + landmarks);
    });
    each(".md-code__nav:not([data-pp-named])", function (nav) {
      landmarks += 1;
      nav.dataset.ppNamed = "yes";
      nav.setAttribute("aria-label", (nav.getAttribute("aria-label") || "Code") + " " + landmarks);
    });
  }

  function index(root) {
    if (root.dataset.ppReady) return;
    root.dataset.ppReady = "yes";
    var form = root.querySelector("[data-pp-filter]");
    var body = root.querySelector("tbody");
    var rows = Array.prototype.slice.call(body.rows);
    var count = root.querySelector("[data-pp-count]");
    var none = root.querySelector("[data-pp-none]");
    var asked = new URLSearchParams(location.search);
    var sort = asked.get("sort") || "";

    function fits(row, wanted) {
      var text = (row.dataset.name + " " + row.dataset.id + " " + row.dataset.creator).toLowerCase();
      return wanted.find.toLowerCase().split(/\s+/).every(function (word) { return text.indexOf(word) >= 0; }) &&
        (!wanted.family || row.dataset.family === wanted.family) &&
        ["provider", "mode"].every(function (name) {
          return !wanted[name] || row.dataset[name].split(" ").indexOf(wanted[name]) >= 0;
        });
    }

    function wanted() {
      var values = {};
      Array.prototype.forEach.call(form.elements, function (field) { values[field.name] = field.value.trim(); });
      return values;
    }

    function order() {
      var key = sort.replace(/^-/, ""), down = sort.charAt(0) === "-" ? -1 : 1;
      var sorted = rows.slice();
      if (key) {
        sorted.sort(function (a, b) {
          var one = a.dataset[key] || "", other = b.dataset[key] || "";
          if (key === "price") {
            if (one === "" || other === "") return (one === "") - (other === "");
            return down * (Number(one) - Number(other));
          }
          return down * one.localeCompare(other);
        });
      }
      sorted.forEach(function (row) { body.appendChild(row); });
      each("[data-pp-sort]", function (head) {
        var on = head.dataset.ppSort === key;
        head.setAttribute("aria-sort", on ? (down < 0 ? "descending" : "ascending") : "none");
      }, root);
    }

    function apply() {
      var values = wanted(), shown = 0, query = new URLSearchParams();
      rows.forEach(function (row) {
        row.hidden = !fits(row, values);
        if (!row.hidden) shown += 1;
      });
      count.textContent = shown + (shown === 1 ? " model" : " models") + (shown < rows.length ? " of " + rows.length : "");
      none.hidden = shown > 0;
      Object.keys(values).forEach(function (name) { if (values[name]) query.set(name, values[name]); });
      if (sort) query.set("sort", sort);
      var text = query.toString();
      history.replaceState(null, "", location.pathname + (text ? "?" + text : "") + location.hash);
    }

    Array.prototype.forEach.call(form.elements, function (field) {
      if (asked.get(field.name)) field.value = asked.get(field.name);
    });
    each("[data-pp-sort]", function (head) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var key = head.dataset.ppSort;
        sort = sort === key ? "-" + key : sort === "-" + key ? "" : key;
        order();
        apply();
      });
    }, root);
    form.addEventListener("input", apply);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    root.querySelector("[data-pp-clear]").addEventListener("click", function () {
      form.reset();
      Array.prototype.forEach.call(form.elements, function (field) { field.value = ""; });
      apply();
    });
    form.hidden = false;
    order();
    apply();
  }

  function start() {
    each("[data-pp-index]", index);
    repair();
    // Material wraps tables when they come into view, and so later than this.
    new MutationObserver(repair).observe(document.body, { childList: true, subtree: true });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
