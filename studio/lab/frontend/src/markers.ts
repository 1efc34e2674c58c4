// Findings at the cells that they are about: a strip below the input, which is no part of the notebook's file.

import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { PanelLayout, Widget } from '@lumino/widgets';

import { cellOf } from './cells';
import { Linked, Links } from './links';
import { healthMark } from './outline';
import { Finding } from './protocol';
import { element } from './tree';

class Marker extends Widget {
  constructor(
    readonly findings: Finding[],
    readonly key: string,
    hide: () => void
  ) {
    super();
    this.addClass('studio-Marker');
    // The notebook's own keys, such as Enter for its edit mode, are not meant here.
    this.node.setAttribute('data-lm-suppress-shortcuts', 'true');
    const count = (severity: string) => findings.filter(each => each.severity === severity).length;
    const errors = count('error');
    const health = { count: findings.length, worst: errors ? 'error' : 'warning', error: errors, warning: count('warning'), note: 0 } as const;
    const mark = healthMark(health);
    const details = document.createElement('details');
    const summary = element('summary', 'studio-Marker-summary');
    const sign = element('span', 'studio-Marker-sign', mark?.sign.split(' ')[0]);
    summary.append(sign, ` ${mark?.text}`);
    summary.title = findings.map(each => `${each.code} ${each.text}`).join('\n');
    details.append(summary, this.list(), this.button(hide));
    this.node.dataset.tone = mark?.tone ?? 'warning';
    this.node.append(details);
  }

  private list(): HTMLElement {
    const list = element('ul', 'studio-Marker-list');
    for (const finding of this.findings) {
      const item = element('li', '');
      const line = finding.line === null ? '' : ` line ${finding.line}`;
      item.append(
        element('span', 'studio-Marker-code', `${finding.code} ${finding.severity}${line}`),
        spelt('studio-Marker-text', `${finding.text}.`),
        spelt('studio-Marker-hint', finding.hint)
      );
      list.append(item);
    }
    return list;
  }

  private button(hide: () => void): HTMLElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'studio-Button studio-mod-small';
    button.textContent = 'Hide until they change';
    button.addEventListener('click', hide);
    return button;
  }
}

/** A sentence whose `names` are set in the code's font. */
function spelt(className: string, text: string): HTMLElement {
  const made = element('span', className);
  text.split('`').forEach((part, index) => made.append(index % 2 ? element('code', '', part) : part));
  return made;
}

export class Markers {
  constructor(links: Links) {
    links.changed.connect((_, linked) => this.update(linked));
  }

  private update(linked: Linked): void {
    const { panel, link } = linked;
    this.watch(linked);
    const wanted = new Map<Cell, Finding[]>();
    for (const finding of link.inventory?.findings ?? []) {
      const cell = finding.severity === 'note' ? null : cellOf(panel, finding.place);
      if (cell) {
        wanted.set(cell, [...(wanted.get(cell) ?? []), finding]);
      }
    }
    for (const cell of panel.content.widgets) {
      this.mark(cell, wanted.get(cell) ?? []);
    }
  }

  /** Cells that are moved or pasted are new widgets: they want their strips again. */
  private watch(linked: Linked): void {
    const { panel } = linked;
    if (!this._watched.has(panel) && panel.content.model) {
      this._watched.add(panel);
      panel.content.model.cells.changed.connect(() => {
        requestAnimationFrame(() => panel.isDisposed || this.update(linked));
      });
    }
  }

  private mark(cell: Cell, findings: Finding[]): void {
    const key = JSON.stringify(findings);
    const standing = this._markers.get(cell);
    if (standing?.key === key) {
      return;
    }
    standing?.dispose();
    this._markers.delete(cell);
    if (!findings.length || this._hidden.get(cell) === key) {
      return;
    }
    const marker = new Marker(findings, key, () => {
      this._hidden.set(cell, key);
      marker.dispose();
      cell.activate();
    });
    this._markers.set(cell, marker);
    void cell.ready.then(() => {
      if (!cell.isDisposed && !marker.isDisposed && cell.layout instanceof PanelLayout) {
        const input = cell.layout.widgets.findIndex(each => each.hasClass('jp-Cell-inputWrapper'));
        cell.layout.insertWidget(input + 1, marker);
      }
    });
  }

  private _hidden = new WeakMap<Cell, string>();
  private _markers = new WeakMap<Cell, Marker>();
  private _watched = new WeakSet<NotebookPanel>();
}
