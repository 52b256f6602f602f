/**
 * What of a node type the browser needs: it draws nodes and checks graphs, and never computes. For its bundle the
 * behaviour that only a computing process calls is taken out of `defineNode({ … })`, and then every import and
 * declaration that nothing else in the file uses: with them go parsers, tokenizers and whole libraries. The long
 * docs go too, and what else a node is called; they are asked for when somebody reads them, or searches. Parameters
 * are made when they are first read: a page would make a thousand schemas before it shows a graph with ten of them.
 */
const ts = require("typescript");

/** Members that only run where things are computed; each is called and answers with a promise, or `reduce`. */
const elsewhere = ["run", "reduce", "prepare", "fingerprint"];

/** Members that the browser asks the server for. */
const askedFor = ["docs", "synonyms"];

/** A loader of Turbopack and webpack. */
module.exports = function browserNodes(source) {
  return forBrowser(source, this.resourcePath);
};
module.exports.forBrowser = forBrowser;

/** The text of a module of `nodes/` without what the browser never calls; as it is where it defines no node. */
function forBrowser(source, name = "node.ts") {
  if (!source.includes("defineNode(")) return source;
  let text = withoutBehaviour(source, name);
  for (let before = ""; before !== text; ) {
    before = text;
    text = withoutUnused(text, name);
  }
  return text;
}

function parsed(text, name) {
  return ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
}

function withoutBehaviour(text, name) {
  const cuts = [];
  const visit = (node) => {
    const isDefinition =
      ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "defineNode";
    const [literal] = isDefinition ? node.arguments : [];
    if (literal && ts.isObjectLiteralExpression(literal)) cuts.push(...cutsOf(literal));
    ts.forEachChild(node, visit);
  };
  visit(parsed(text, name));
  return cut(text, cuts);
}

function cutsOf({ properties }) {
  // What has to be prepared for is not built either.
  const isPrepared = properties.some((member) => member.name?.text === "prepare");
  return properties.flatMap((member) => cutOf(member, isPrepared ? [...elsewhere, "build"] : elsewhere));
}

function cutOf(member, elsewhere) {
  const name = member.name?.text;
  const place = { start: member.getStart(), end: member.end };
  if (name === "params") return [{ ...place, by: whenRead(member) }];
  if (askedFor.includes(name)) return [{ ...place, by: `${name}: undefined` }];
  if (!elsewhere.includes(name)) return [];
  return [{ ...place, by: name === "reduce" ? folding(member) : missing(name) }];
}

/** A property that is made once, when it is first read. */
function whenRead(member) {
  const value = member.initializer?.getText() ?? "params";
  return `get params() {
    const value = ${value};
    Object.defineProperty(this, "params", { value, enumerable: true });
    return value;
  }`;
}

const missing = (name) => `${name}() { throw new Error("${name} is not in the browser"); }`;

/** The check asks which inputs are folded. */
function folding(member) {
  const rows = member.initializer?.properties?.find((part) => part.name?.text === "rows");
  return `reduce: { ${rows?.getText() ?? "rows: []"}, ${missing("start")} }`;
}

/** Without the imports, and the declarations that are not exported, whose names appear nowhere else. */
function withoutUnused(text, name) {
  const file = parsed(text, name);
  const used = new Map();
  const count = (node) => {
    if (ts.isIdentifier(node)) used.set(node.text, (used.get(node.text) ?? 0) + 1);
    ts.forEachChild(node, count);
  };
  count(file);
  const isUnused = (identifier) => used.get(identifier.text) === 1;
  return cut(
    text,
    file.statements.flatMap((statement) => unusedIn(statement, isUnused)),
  );
}

function unusedIn(statement, isUnused) {
  const whole = [{ start: statement.getStart(), end: statement.end, by: "" }];
  if (ts.isImportDeclaration(statement)) return unusedImports(statement, isUnused, whole);
  if (statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isVariableStatement(statement)) {
    const { declarations } = statement.declarationList;
    return declarations.every(({ name }) => ts.isIdentifier(name) && isUnused(name)) ? whole : [];
  }
  const isDeclaration =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isDeclaration && statement.name && isUnused(statement.name) ? whole : [];
}

function unusedImports({ importClause }, isUnused, whole) {
  const bindings = importClause?.namedBindings;
  if (!bindings) return [];
  if (ts.isNamespaceImport(bindings)) return isUnused(bindings.name) ? whole : [];
  const kept = bindings.elements.filter((element) => element.propertyName || !isUnused(element.name));
  if (kept.length === bindings.elements.length) return [];
  if (!kept.length && !importClause.name) return whole;
  const names = kept.map((element) => element.getText()).join(", ");
  return [{ start: bindings.getStart(), end: bindings.end, by: `{ ${names} }` }];
}

function cut(text, cuts) {
  const ordered = [...cuts].sort((a, b) => b.start - a.start);
  return ordered.reduce((now, { start, end, by }) => now.slice(0, start) + by + now.slice(end), text);
}
