/** Makes the API pages of all packages as Markdown. One program for all of them: it is quick. */
import path from 'node:path';
import { Application, Converter, ReflectionKind, TSConfigReader } from 'typedoc';
import { root } from '../workspace.mjs';
import { documentSectionParameters } from './describe-as-comment.mjs';
import { sourceUrl } from './paths.mjs';
import { packages } from './public-faces.mjs';

/** What has to have a docstring. */
const requiredToBeDocumented = [
  'Enum',
  'EnumMember',
  'Variable',
  'Function',
  'Class',
  'Interface',
  'Method',
  'Accessor',
  'Property',
  'TypeAlias',
];

/** What has no docstring where TypeDoc looks for one: the conditions of a conditional type. */
const intentionallyNotDocumented = [
  '@sluice/cli-tools/command-line.FlagValues.__type.multiple',
  '@sluice/config.SubsectionValue.__type.init',
  '@sluice/config.SubsectionValue.__type.multiple',
  '@sluice/config.SubsectionValue.__type.required',
];

/** What public types mention that is nobody's business: the inside of a class, or of a table. */
const intentionallyNotExported = {
  '@sluice/agent': [
    'pipeline/warning-list.ts:WarningList',
    'routing/event-errors.ts:EventErrors',
    'routing/routes.ts:Routes',
  ],
  '@sluice/cli-tools': ['command-line/parse-flags.ts:Value'],
  '@sluice/config': ['section-types.ts:SubsectionContent'],
  '@sluice/formats': [
    'parsers/multiline.ts:Config',
    'parsers/read-time.ts:ReadTime',
    'parsers/text-parser.ts:ParsedRecord',
  ],
  '@sluice/plugin': ['hosting/meter.ts:LatencyBuckets'],
  '@sluice/socket-options': ['constants.ts:table'],
};

/**
 * @param {string} out the folder of the pages
 * @throws Error where a public symbol has no docstring, or TypeDoc has any other warning
 */
export async function buildApi(out) {
  const all = packages();
  const faces = new Map(all.flatMap((each) => [...each.faces]));
  const app = await Application.bootstrapWithPlugins(
    {
      plugin: ['typedoc-plugin-markdown'],
      logLevel: 'Warn',
      name: 'API',
      entryPointStrategy: 'resolve',
      entryPoints: [...faces.keys()],
      tsconfig: path.join(import.meta.dirname, 'tsconfig.api.json'),
      basePath: root,
      readme: 'none',
      excludeInternal: true,
      excludePrivate: true,
      disableGit: true,
      sourceLinkTemplate: `${sourceUrl('{path}')}#L{line}`,
      requiredToBeDocumented,
      intentionallyNotDocumented,
      packagesRequiringDocumentation: all.map(({ name }) => name),
      out,
      router: 'member',
      entryFileName: 'index',
      excludeScopesInPaths: true,
      hidePageHeader: true,
      hideBreadcrumbs: true,
      useCodeBlocks: true,
      sanitizeComments: true,
      useHTMLEncodedBrackets: true,
      parametersFormat: 'table',
      indexFormat: 'table',
      expandParameters: true,
    },
    [new TSConfigReader()],
  );
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    const name = reflection.kindOf(ReflectionKind.Module)
      ? faces.get(reflection.sources?.[0]?.fullFileName)
      : undefined;
    if (name !== undefined) reflection.name = name;
    documentSectionParameters(context, reflection);
  });
  app.converter.addUnknownSymbolResolver(
    (reference, reflection, part) => part && publicSymbol(reflection.project, reference),
  );
  const project = await app.convert();
  if (project === undefined) throw new Error('the sources do not compile');
  validate(app, project);
  await app.generateOutputs(project);
  const { errorCount, warningCount } = app.logger;
  if (errorCount + warningCount > 0) {
    throw new Error(`the API pages have ${errorCount} errors and ${warningCount} warnings`);
  }
}

const allChecks = {
  invalidLink: true,
  invalidPath: true,
  notDocumented: true,
  rewrittenLink: true,
  unusedMergeModuleWith: true,
};

/** TypeDoc looks for what is not exported in one package only: it is told the name of each in turn. */
function validate(app, project) {
  app.options.setValue('validation', { ...allChecks, notExported: false });
  app.validate(project);
  const none = Object.fromEntries(Object.keys(allChecks).map((check) => [check, false]));
  app.options.setValue('validation', { ...none, notExported: true });
  for (const { name } of packages()) {
    project.packageName = name;
    app.options.setValue('intentionallyNotExported', intentionallyNotExported[name] ?? []);
    app.validate(project);
  }
  project.packageName = undefined;
}

/** A docstring that comes from another module names what that module exports. */
function publicSymbol(project, { symbolReference }) {
  const [name, member] = symbolReference?.path?.map(({ path }) => path) ?? [];
  for (const module of project.children) {
    const found = module.children?.find((child) => child.name === name && !child.isReference());
    if (found === undefined) continue;
    const target = member === undefined ? found : found.getChildByName([member]);
    return target && { target, caption: symbolReference.path.map(({ path }) => path).join('.') };
  }
  return undefined;
}
