import ts from 'typescript';
import type { Files } from './rules.ts';

/** Values that Grafana gives at run time, by package: what of them a version has cannot be seen by the type checker. */
export type Exports = Readonly<Record<string, readonly string[]>>;

/** Values that a file imports from the packages of `exports`: not its types, which are gone at run time. */
export function importedValues(path: string, text: string): { readonly from: string; readonly name: string }[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TSX);
  return file.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const from = statement.moduleSpecifier;
    if (from === undefined || !ts.isStringLiteral(from)) return [];
    const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : statement.exportClause;
    const typeOnly = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    if (typeOnly) return [];
    if (bindings === undefined || ts.isNamespaceImport(bindings) || ts.isNamespaceExport(bindings))
      return [{ from: from.text, name: '*' }];
    return [...bindings.elements]
      .filter((element) => !element.isTypeOnly)
      .map((element) => ({ from: from.text, name: (element.propertyName ?? element.name).text }));
  });
}

/** Imports of what the given version of Grafana does not have. */
export function unknownImports(source: Files, exports: Exports): string[] {
  return [...source]
    .filter(([path]) => /\.tsx?$/.test(path))
    .flatMap(([path, text]) =>
      importedValues(path, text)
        .filter(({ from, name }) => Object.hasOwn(exports, from) && exports[from]?.includes(name) !== true)
        .map(({ from, name }) => `src/${path} imports ${name} of ${from}`)
    );
}
