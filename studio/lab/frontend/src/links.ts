// The links of all open notebooks, and which of them is the current one.

import { INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';

import { Link } from './link';

export interface Linked {
  panel: NotebookPanel;
  link: Link;
}

export class Links {
  constructor(private tracker: INotebookTracker) {
    tracker.forEach(panel => this.add(panel));
    tracker.widgetAdded.connect((_, panel) => this.add(panel));
    tracker.currentChanged.connect(() => this._currentChanged.emit());
    NotebookActions.executed.connect((_, { notebook, cell }) => {
      const linked = [...this._links.values()].find(each => each.panel.content === notebook);
      if (linked && /\bstudio\b/.test(cell.model.sharedModel.getSource())) {
        linked.link.retry(); // it may just have been loaded
      }
    });
  }

  /** Fired when another notebook is the current one, or it is called otherwise. */
  get currentChanged(): ISignal<this, void> {
    return this._currentChanged;
  }

  /** Fired when any link has something new. */
  get changed(): ISignal<this, Linked> {
    return this._changed;
  }

  get current(): Linked | null {
    const panel = this.tracker.currentWidget;
    return (panel && this._links.get(panel)) || null;
  }

  /** The notebook that an element is in, such as the output of a cell. */
  holding(element: Element): NotebookPanel | null {
    return [...this._links.keys()].find(panel => panel.node.contains(element)) ?? null;
  }

  private add(panel: NotebookPanel): void {
    if (this._links.has(panel)) {
      return;
    }
    const linked = { panel, link: new Link(panel.sessionContext) };
    this._links.set(panel, linked);
    linked.link.changed.connect(() => this._changed.emit(linked));
    panel.context.pathChanged.connect(() => this._currentChanged.emit());
    panel.disposed.connect(() => {
      this._links.delete(panel);
      linked.link.dispose();
      this._currentChanged.emit();
    });
  }

  private _changed = new Signal<this, Linked>(this);
  private _currentChanged = new Signal<this, void>(this);
  private _links = new Map<NotebookPanel, Linked>();
}
