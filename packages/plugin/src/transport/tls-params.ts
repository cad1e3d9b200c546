import { defineSection, secret, t, type ParamType } from '@sluice/config';
import { certificateFileOptions, serverTlsOptions, type TlsOptionInfo } from '@sluice/tls';

/** The options that a file can give: the others are for programs, or have a section of their own. */
type InFile<Table extends Record<string, TlsOptionInfo>> = {
  [Name in keyof Table as Table[Name]['kind'] extends 'code' ? never : Name]: Table[Name];
};

/** What an option's value is read as. */
type ValueOf<Info extends TlsOptionInfo> = Info['kind'] extends 'flag'
  ? boolean
  : Info['kind'] extends 'seconds' | 'count'
    ? number
    : Info['kind'] extends 'texts'
      ? string[]
      : Info extends { values: readonly (infer Word)[] }
        ? Word
        : string;

type ParamsOf<Table extends Record<string, TlsOptionInfo>> = {
  [Name in keyof InFile<Table>]: ParamType<ValueOf<InFile<Table>[Name]> | undefined>;
};

/** Parameters for a table of options, so that what a file may say is written down once. */
function paramsOf<const Table extends Record<string, TlsOptionInfo>>(
  table: Table,
): ParamsOf<Table> {
  const params = Object.entries(table)
    .filter(([, { kind }]) => kind !== 'code')
    .map(([name, info]) => [name, paramOf(info)]);
  return Object.fromEntries(params) as ParamsOf<Table>;
}

/**
 * An absent parameter is an absent option: only @sluice/tls knows the default, and what has no effect
 * beside what.
 */
function paramOf(info: TlsOptionInfo): ParamType<unknown> {
  const usual = info.default === undefined ? '' : ` (default: ${info.default})`;
  const type = typeOf(info).optional().describe(`${info.description}${usual}`);
  return info.secret === true ? secret(type) : type;
}

function typeOf({ kind, values = [] }: TlsOptionInfo): ParamType<unknown> {
  if (kind === 'flag') return t.bool();
  if (kind === 'seconds') return t.time({ min: 0.001 });
  if (kind === 'count') return t.integer({ min: 1 });
  if (kind === 'texts') return t.array(t.string());
  if (kind === 'word') return t.enum(values);
  return t.string();
}

/** What `<transport tls>` may say beside what every transport may. */
export const tlsParams = paramsOf(serverTlsOptions);

/** `<certificate>` in `<transport tls>`: one more certificate, chosen by the name asked for (SNI). */
export const certificateSection = defineSection({
  name: 'certificate',
  description: 'One more certificate, served to clients that ask for one of its names (SNI).',
  unknown: 'error',
  params: {
    ...paramsOf(certificateFileOptions),
    certPath: t.string().describe(certificateFileOptions.certPath.description),
    privateKeyPath: t.string().describe(certificateFileOptions.privateKeyPath.description),
  },
});
