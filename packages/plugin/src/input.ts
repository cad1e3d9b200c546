import type { HostView } from './host.js';
import type { PluginContext } from './context.js';
import { Plugin } from './plugin.js';
import type { Router } from './router.js';

/** What the host gives to an input. */
export interface InputContext extends PluginContext {
  /** Where this input's events go: the top-level routes, or those of its `@label`. */
  readonly router: Router;
  /** The other plugins, for an input that watches them; only where the host offers it. */
  readonly host?: HostView;
}

/** A plugin that brings events in. Fluentd: `Fluent::Plugin::Input`, `<source>`. */
export abstract class Input extends Plugin {
  /** Where its events go: the routes at the top level, or those of its `@label`. */
  readonly router: Router;

  constructor(context: InputContext) {
    super(context);
    this.router = context.router;
  }
}
