export { Budget, BudgetCancelledError, printable } from '@sluice/event-stream';
export type { BudgetOptions, BudgetStatistics, BudgetTicket } from '@sluice/event-stream';
export { systemClock } from './clock.js';
export type { Clock } from './clock.js';
export { ChunkStore } from './chunk-store.js';
export { checkClient, ClientHostError, clientNetworks, clientParams } from './clients.js';
export type { Client } from './clients.js';
export type { ChunkInfo, ChunkMetadata, StoredChunk } from './chunk-store.js';
export type { InnerKind, InnerPlugin, InnerPlugins, PluginContext } from './context.js';
export {
  apiVersion,
  defineChunkStore,
  defineFilter,
  defineFormatter,
  defineInput,
  defineOutput,
  defineParser,
  defineServiceDiscovery,
  isPluginDefinition,
  prefixOfKind,
  sectionOfKind,
} from './definition.js';
export type {
  ChunkStoreDefinition,
  DefinitionInput,
  DefinitionOf,
  FilterDefinition,
  FormatterDefinition,
  InputDefinition,
  KindOfPlugin,
  OutputDefinition,
  ParserDefinition,
  PluginDefinition,
  PluginKind,
  PluginKinds,
  ServiceDiscoveryDefinition,
  StartCheckContext,
} from './definition.js';
export { Filter } from './filter.js';
export type { FilterContext } from './filter.js';
export { Formatter } from './formatter.js';
export type { Framing } from './formatter.js';
export { GroupWriter } from './group-writer.js';
export type { GroupWriterOptions } from './group-writer.js';
export type { HostView, Latency, LoggedWarning, PluginView, Traffic } from './host.js';
export { formatterOf, innerPlugin, parserOf, sectionOf } from './inner-plugins.js';
export { Input } from './input.js';
export type { InputContext } from './input.js';
export { KEPT, NotAPromiseError, allKept, checkKeeping } from './kept.js';
export type { Keeping, Kept } from './kept.js';
export {
  LifecycleError,
  runPhase,
  startPlugins,
  stopPlugins,
  stoppingPhases,
} from './lifecycle.js';
export type { StartOptions, StopOptions } from './lifecycle.js';
export { PluginLoadError } from './loading/errors.js';
export type { PluginLoadErrorCode } from './loading/errors.js';
export { PluginLoader } from './loading/plugin-loader.js';
export type { PluginLoaderOptions } from './loading/plugin-loader.js';
export { PluginRegistry } from './loading/registry.js';
export type { LazyPlugins, PluginOrigin, RegisteredPlugin } from './loading/registry.js';
export { withoutOldParameters } from './old-parameters.js';
export type { OldParameters } from './old-parameters.js';
export { Output } from './output.js';
export type { EventSink, OutputContext } from './output.js';
export { ParseError, Parser } from './parser.js';
export type { ParsedCallback } from './parser.js';
export { Plugin } from './plugin.js';
export type { Lifecycle, Phase } from './plugin.js';
export { parseRecordAccessor, RecordAccessorError } from './record-accessor.js';
export type { FieldPath } from './record-accessor.js';
export type { Router } from './router.js';
export { ServiceDiscovery, serviceParams } from './service-discovery.js';
export type { Service } from './service-discovery.js';
export { sourceFields } from './source-fields.js';
export type { Peer, SourceKeys } from './source-fields.js';
export { listenProblems, unwritableFolder } from './start-checks.js';
export type { Listening } from './start-checks.js';
export { statisticsOf } from './statistics-of.js';
export type {
  PluginStatistics,
  QueueStatistics,
  RemoteServerStatistics,
  RetryStatistics,
  Statistic,
} from './statistics.js';
export { compileTagPattern, TagPatternError } from './tag-pattern.js';
export { localOffset, quarter, TimeZoneError, utcOffset, zoneOffset } from './time-zone.js';
export type { ZoneOffset } from './time-zone.js';
export { transportOptions, transportSection, transportSectionOf } from './transport/transport.js';
export type {
  StreamTransportOptions,
  Transport,
  UdpTransportOptions,
} from './transport/transport.js';
export { isUnrecoverable, UnrecoverableError } from './unrecoverable-error.js';
export { writeFully } from './write-fully.js';
export type { WriteVectors } from './write-fully.js';
export { WriteQueue } from './write-queue.js';
export type { WriteQueueOptions } from './write-queue.js';
