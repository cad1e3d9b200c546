export { BufferedOutput, BufferOverflowError } from './buffered-output.js';
export { bufferSection } from './buffer-section.js';
export type { BufferConfig } from './buffer-section.js';
export { defineFilter, defineInput, defineOutput } from './definition.js';
export type {
  FilterDefinition,
  InputDefinition,
  OutputContext,
  OutputDefinition,
  PluginDefinition,
} from './definition.js';
export { Filter } from './filter.js';
export type { FilterContext } from './filter.js';
export type { HostView, Latency, LoggedWarning, PluginView, Traffic, WithStats } from './host.js';
export { Input } from './input.js';
export type { InputContext } from './input.js';
export {
  LifecycleError,
  runPhase,
  startPlugins,
  stopPlugins,
  stoppingPhases,
} from './lifecycle.js';
export { Output } from './output.js';
export { Plugin } from './plugin.js';
export type { Lifecycle, Phase, PluginContext } from './plugin.js';
export type { Router } from './router.js';
export { transportOptions, transportSection } from './transport.js';
export type { Transport } from './transport.js';
