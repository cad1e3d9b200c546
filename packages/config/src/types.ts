/** The parameter types, named as Fluentd names them: `import { t } from '@sluice/config'`. */
export {
  array,
  bool,
  enumeration as enum,
  fileMode,
  float,
  hash,
  integer,
  regexp,
  size,
  string,
  time,
} from './param-types.js';
