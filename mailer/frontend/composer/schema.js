// Reading the document's JSON schema: what a property may hold, whichever way that is said there.
export class Schema {
  constructor(schema) {
    this.schema = schema;
    this.kinds = new Map();
    for (const definition of Object.values(schema.$defs)) {
      const type = definition.properties?.type?.const;
      if (type) this.kinds.set(type, definition);
    }
  }

  /** The properties of a block's type, or of a definition such as `RowSettings`. */
  properties(name) {
    const definition = this.kinds.get(name) ?? this.schema.$defs[name];
    return Object.entries(definition.properties).map(([key, property]) => ({ key, ...this.flat(property) }));
  }

  /** A property without references and alternatives to nothing. */
  flat(property) {
    if (property.$ref) {
      const name = property.$ref.split("/").at(-1);
      return { ...this.flat(this.schema.$defs[name]), ...without(property, "$ref"), of: name };
    }
    if (property.anyOf) {
      const some = property.anyOf.filter(({ type }) => type !== "null");
      const isOptional = some.length < property.anyOf.length;
      return { ...this.flat(some[0]), ...without(property, "anyOf"), isOptional };
    }
    if (property.items) return { ...property, items: this.flat(property.items) };
    return property;
  }
}

function without(object, key) {
  const { [key]: _, ...rest } = object;
  return rest;
}
