// Files that are dropped on the pictures of a product, or chosen together, each get a row of their own.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const group = document.getElementById("images-group");
  const addRow = group?.querySelector(".add-row");
  if (!addRow) return; // somebody who may only look

  const addPictures = (files) => {
    for (const file of files) {
      if (addRow.classList.contains("hidden")) return; // there are as many as there can be
      addRow.click();
      const rows = group.querySelectorAll(".form-group.template:not(.empty-form)");
      const row = rows[rows.length - 1];
      const input = row.querySelector("input[type=file]");
      const one = new DataTransfer();
      one.items.add(file);
      input.files = one.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  };

  // A row's own input shows the picture that was chosen for it.
  group.addEventListener("change", ({ target }) => {
    if (target.type !== "file" || !target.files.length) return;
    const cell = target.closest("td").querySelector(".flex-col");
    const shown = cell.querySelector("img") ?? document.createElement("img");
    URL.revokeObjectURL(shown.src);
    shown.className = "picture-shown";
    shown.alt = "";
    shown.src = URL.createObjectURL(target.files[0]);
    cell.prepend(shown);
  });

  const several = document.createElement("input");
  several.type = "file";
  several.multiple = true;
  several.accept = "image/*";
  several.hidden = true;
  several.addEventListener("change", () => {
    addPictures(several.files);
    several.value = "";
  });
  const hint = document.createElement("label");
  hint.className = "cursor-pointer font-medium text-primary-600 dark:text-primary-500";
  hint.append("Choose several, or drop them here", several);
  addRow.after(hint);

  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  group.addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  group.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    addPictures(event.dataTransfer.files);
  });
});
