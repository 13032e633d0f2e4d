import {
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';

/** The number of items of each list of introspection; an average for the lists of a type. */
export function introspectedItems(schema: GraphQLSchema): Record<string, number> {
  const types = Object.values(schema.getTypeMap());
  const count = { fields: 0, inputFields: 0, args: 0, enumValues: 0, interfaces: 0 };
  for (const type of types) {
    if (isEnumType(type)) count.enumValues += type.getValues().length;
    if (isInputObjectType(type)) count.inputFields += Object.keys(type.getFields()).length;
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    const fields = Object.values(type.getFields());
    count.fields += fields.length;
    count.interfaces += type.getInterfaces().length;
    for (const { args } of fields) count.args += args.length;
  }
  const perField = Math.max(1, count.args / Math.max(1, count.fields));
  const perType = (items: number) => Math.max(1, items / types.length);
  return {
    types: types.length,
    directives: schema.getDirectives().length,
    fields: perType(count.fields),
    inputFields: perType(count.inputFields),
    enumValues: perType(count.enumValues),
    // Types that are long in one list are long in others, so an average would hide their product.
    possibleTypes: Math.max(
      1,
      ...types.map((type) => (isAbstractType(type) ? schema.getPossibleTypes(type).length : 0)),
    ),
    interfaces: perType(count.interfaces),
    args: perField,
    ofType: 0.5, // Most types are not wrapped, and those that are, once or twice.
  };
}
