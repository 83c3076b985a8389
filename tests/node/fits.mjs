// Reads {"schemas": {NAME: SCHEMA}, "values": [[NAME, VALUE], ...]} and writes, for each value, whether it fits its schema.
// Ajv's strict mode refuses a schema that holds anything it does not know, or that cannot mean what it says.
import Ajv from "ajv";
import { readFileSync } from "node:fs";

const { schemas, values, editor } = JSON.parse(readFileSync(0, "utf8"));
const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true, validateSchema: true });
ajv.addVocabulary(editor);
const fits = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]));
process.stdout.write(JSON.stringify(values.map(([name, value]) => fits[name](value))));
