// One notebook's line to its kernel: opened anew whenever the kernel is another, or has been restarted.

import { ISessionContext } from '@jupyterlab/apputils';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONObject } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Inventory, TARGET, Told, VERSION } from './protocol';

export type LinkState =
  | 'none' // the notebook has no kernel
  | 'waiting' // asked, not yet answered
  | 'busy' // the same, for longer than a moment
  | 'ready'
  | 'absent' // a Python kernel without Studio
  | 'foreign' // a kernel of another language
  | 'dead';

const PATIENCE_MS = 1500;
const ANSWER_MS = 60_000;

interface Asked {
  resolve: (told: Told) => void;
  reject: (error: Error) => void;
}

export class Link implements IDisposable {
  constructor(readonly session: ISessionContext) {
    session.kernelChanged.connect(this.bind, this);
    session.statusChanged.connect(this.onStatus, this);
    void session.ready.then(() => this.bind());
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Fired when a kernel answers that did not before: the first one, another one, or a restarted one. */
  get connected(): ISignal<this, void> {
    return this._connected;
  }

  get state(): LinkState {
    return this._state;
  }

  get inventory(): Inventory | null {
    return this._inventory;
  }

  /** Why the kernel could not say what it declares; empty where it could. */
  get problem(): string {
    return this._problem;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.drop();
    Signal.clearData(this);
  }

  /** Ask the kernel for something; the answer is of the same kind. */
  ask(what: string, more: JSONObject = {}): Promise<Told> {
    const comm = this._comm;
    if (!comm || this._state !== 'ready') {
      return Promise.reject(new Error('No kernel with Studio answers: start one, or wait for it.'));
    }
    this.settle(what, asked => asked.reject(new Error('It was asked again.')));
    return new Promise<Told>((resolve, reject) => {
      const timer = window.setTimeout(
        () => this.settle(what, () => reject(new Error('The kernel did not answer within a minute: is it busy?'))),
        ANSWER_MS
      );
      const end = () => window.clearTimeout(timer);
      this._asked.set(what, {
        resolve: told => (end(), resolve(told)),
        reject: error => (end(), reject(error))
      });
      comm.send({ ask: what, ...more });
    });
  }

  /** Try again where no Studio was found. */
  retry(): void {
    if (this._state === 'absent' || this._state === 'none') {
      this.bind();
    }
  }

  private bind(): void {
    this.drop();
    const kernel = this.session.session?.kernel;
    if (this._isDisposed || !kernel) {
      this.become(this.session.hasNoKernel ? 'none' : 'waiting');
      return;
    }
    this.become('waiting');
    const round = ++this._round;
    this._timer = window.setTimeout(() => this.grow(round), PATIENCE_MS);
    kernel.info.then(
      info => {
        if (round !== this._round || this._isDisposed) {
          return;
        }
        if (info.language_info.name !== 'python') {
          this.become('foreign');
        } else {
          this.open(kernel);
        }
      },
      () => undefined // another kernel took its place meanwhile
    );
  }

  private open(kernel: Kernel.IKernelConnection): void {
    if (!kernel.handleComms) {
      this.become('absent');
      return;
    }
    const comm = kernel.createComm(TARGET);
    this._comm = comm;
    comm.onMsg = message => this.take(comm, message);
    comm.onClose = () => {
      if (this._comm === comm) {
        this.drop();
        this.become('absent');
      }
    };
    comm.open({ version: VERSION });
  }

  private take(comm: Kernel.IComm, message: KernelMessage.ICommMsgMsg): void {
    if (this._comm !== comm) {
      return;
    }
    const told = message.content.data as unknown as Told;
    if (told.kind === 'inventory') {
      const isNew = this._state !== 'ready';
      this._inventory = told.inventory;
      this._problem = '';
      this.become('ready', true);
      if (isNew) {
        this._connected.emit();
      }
    }
    if (told.kind === 'problem' && told.ask === 'inventory') {
      this._problem = told.text;
      this._changed.emit();
    }
    const what = told.kind === 'problem' ? told.ask : told.kind;
    this.settle(what, asked => (told.kind === 'problem' ? asked.reject(new Error(told.text)) : asked.resolve(told)));
  }

  private settle(what: string, act: (asked: Asked) => void): void {
    const asked = this._asked.get(what);
    if (asked) {
      this._asked.delete(what);
      act(asked);
    }
  }

  private grow(round: number): void {
    if (round === this._round && this._state === 'waiting') {
      this.become('busy');
    }
  }

  private drop(): void {
    this._round += 1;
    window.clearTimeout(this._timer);
    this._comm?.dispose();
    this._comm = null;
    this._inventory = null;
    this._problem = '';
    for (const what of [...this._asked.keys()]) {
      this.settle(what, asked => asked.reject(new Error('The kernel was restarted or changed meanwhile.')));
    }
  }

  private become(state: LinkState, isForced = false): void {
    if (isForced || state !== this._state) {
      this._state = state;
      this._changed.emit();
    }
  }

  private onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting') {
      this._isLost = true;
      this.drop();
      this.become('waiting');
    } else if (status === 'dead' || status === 'terminating') {
      this._isLost = true;
      this.drop();
      this.become(status === 'dead' ? 'dead' : 'none');
    } else if (this._isLost && (status === 'idle' || status === 'busy')) {
      this._isLost = false;
      this.bind();
    }
  }

  private _asked = new Map<string, Asked>();
  private _changed = new Signal<this, void>(this);
  private _connected = new Signal<this, void>(this);
  private _comm: Kernel.IComm | null = null;
  private _inventory: Inventory | null = null;
  private _isDisposed = false;
  private _isLost = false;
  private _problem = '';
  private _round = 0;
  private _state: LinkState = 'waiting';
  private _timer = 0;
}
