export { ConfigElement, SYSTEM_PARAMS, useDefault } from './config-element.js';
export type { ConfigParam, ParamForm, ParamValue } from './config-element.js';
export { ConfigError, ConfigErrors } from './config-error.js';
export type { ConfigErrorCode, ConfigErrorDetails } from './config-error.js';
export { diskFiles } from './config-files.js';
export type { ConfigFiles } from './config-files.js';
export type { EmbeddedContext } from './embedded-code.js';
export { loadConfig, parseConfig } from './load-config.js';
export type { LoadOptions, ParseOptions } from './load-config.js';
export type { ConfigLogger } from './logger.js';
export type { Location } from './source-text.js';
export { snakeCase } from './names.js';
export { didYouMean } from './nearest.js';
export { param, secret } from './param-meta.js';
export { ParamType } from './param-type.js';
export type { ParamInput, ParamMeta, ParamOutput, Reading, TypeMeta } from './param-type.js';
export type { NumberOptions } from './param-types.js';
export { elementOf } from './read-by.js';
export { errorInFile, namesInFile } from './error-in-file.js';
export { unreadableDefaults } from './default-text.js';
export { collectWarnings } from './warnings.js';
export type { WarningList } from './warnings.js';
export { defineSection } from './section.js';
export type {
  CheckContext,
  ParamSchemas,
  RawSubsection,
  ReadContext,
  Section,
  SectionOf,
  SectionSchema,
  SectionValue,
  Simplify,
  Subsection,
  SubsectionOptions,
  SubsectionSchemas,
  SubsectionValue,
} from './section-types.js';
export * as t from './types.js';
export { describeSection, formatSection } from './describe-section.js';
export type {
  ParamDescription,
  SectionDescription,
  SubsectionDescription,
} from './describe-section.js';
export { dumpConfig, maskedParams } from './dump-config.js';
export type { DumpOptions } from './dump-config.js';
