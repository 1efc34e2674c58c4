// Find, show, insert and run cells of a notebook.

import { Cell } from '@jupyterlab/cells';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';

import { Place } from './protocol';

const SHOWN_MS = 1600;

export function sourceOf(cell: Cell): string {
  return cell.model.sharedModel.getSource();
}

/** The magic line of a cell: its first line that is not blank, and how many stand above it. */
function magicLine(cell: Cell): { text: string; above: number } {
  const lines = sourceOf(cell).split('\n');
  const above = lines.findIndex(line => line.trim() !== '');
  return { text: above < 0 ? '' : lines[above].trim(), above: Math.max(above, 0) };
}

function hasMagic(cell: Cell, magic: string): boolean {
  const text = cell.model.type === 'code' ? magicLine(cell).text : '';
  return text === magic || text.startsWith(`${magic} `) || text.startsWith(`${magic}\t`);
}

/** The cell of a place: by its id, else by its magic line, since ids are lost when cells are pasted. */
export function cellOf(panel: NotebookPanel, place: Place | null): Cell | null {
  if (!place || place.file) {
    return null;
  }
  const cells = panel.content.widgets;
  const byId = place.cell ? cells.find(cell => cell.model.id === place.cell) : undefined;
  return byId ?? (place.magic ? cells.find(cell => hasMagic(cell, place.magic)) : undefined) ?? null;
}

/** Scroll to a cell, select it, and put the cursor on its line; say whether it is there. */
export async function reveal(panel: NotebookPanel, place: Place): Promise<boolean> {
  const cell = cellOf(panel, place);
  if (!cell) {
    return false;
  }
  const notebook = panel.content;
  const index = notebook.widgets.indexOf(cell);
  notebook.mode = 'command';
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  await notebook.scrollToItem(index, 'smart', 0.1);
  await cell.ready;
  if (place.line !== null && cell.editor) {
    const line = Math.min(magicLine(cell).above + place.line, cell.editor.lineCount - 1);
    cell.editor.setCursorPosition({ line, column: 0 });
  }
  notebook.node.focus();
  flash(cell);
  return true;
}

function flash(cell: Cell): void {
  cell.addClass('studio-mod-shown');
  window.setTimeout(() => cell.isDisposed || cell.removeClass('studio-mod-shown'), SHOWN_MS);
}

/** Insert a code cell and make it the active one. */
export function insert(panel: NotebookPanel, index: number, source: string): Cell {
  const notebook = panel.content;
  notebook.model?.sharedModel.insertCell(index, { cell_type: 'code', source, metadata: { trusted: true } });
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  return notebook.widgets[index];
}

/** Insert a cell below the active one, ready to be edited. */
export function insertBelowActive(panel: NotebookPanel, source: string): void {
  const notebook = panel.content;
  const active = notebook.activeCell;
  const isBlank = active !== null && active.model.type === 'code' && sourceOf(active).trim() === '';
  if (active && isBlank) {
    active.model.sharedModel.setSource(source);
  } else {
    insert(panel, notebook.widgets.length ? notebook.activeCellIndex + 1 : 0, source);
  }
  void notebook.scrollToItem(notebook.activeCellIndex, 'smart');
  panel.activate();
  notebook.mode = 'edit';
}

/**
 * Run a line magic as its author would: in a cell of the notebook, below what it is about.
 * A cell that says just this is run again.
 */
export async function runLine(panel: NotebookPanel, line: string, below: Place | null = null): Promise<boolean> {
  const notebook = panel.content;
  const cell = notebook.widgets.find(each => each.model.type === 'code' && sourceOf(each).trim() === line);
  const target = cell ?? insert(panel, indexBelow(panel, line, below), line);
  notebook.deselectAll();
  notebook.activeCellIndex = notebook.widgets.indexOf(target);
  await notebook.scrollToItem(notebook.activeCellIndex, 'smart');
  const isGood = await NotebookActions.runCells(notebook, [target], panel.sessionContext);
  await showResult(panel, target);
  return isGood;
}

/** Bring what a cell gave into view, unless its author has gone elsewhere meanwhile. */
async function showResult({ content }: NotebookPanel, cell: Cell): Promise<void> {
  await new Promise(requestAnimationFrame); // the output is laid out
  if (cell.isDisposed || content.isDisposed || content.activeCell !== cell || !content.isVisible) {
    return;
  }
  if (cell.node.getBoundingClientRect().bottom > content.node.getBoundingClientRect().bottom) {
    await content.scrollToItem(content.activeCellIndex, 'start');
  }
}

/** Below a declaration and what was run of it already; else at the end. */
function indexBelow(panel: NotebookPanel, line: string, below: Place | null): number {
  const cells = panel.content.widgets;
  const declaring = cellOf(panel, below);
  if (!declaring) {
    return cells.length;
  }
  const name = line.split(' ')[1];
  let index = cells.indexOf(declaring) + 1;
  while (index < cells.length && isAbout(sourceOf(cells[index]).trim(), name)) {
    index += 1;
  }
  return index;
}

function isAbout(source: string, name: string): boolean {
  const [magic, first] = source.split(/\s+/);
  return (magic === '%simulate' || magic === '%hunt') && first === name;
}
