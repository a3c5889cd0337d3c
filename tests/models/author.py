"""Files of TensorFlow Lite that no converter writes: written with the schema, or changed byte by byte. For make_models.py."""
import numpy as np


def author(subgraphs):
    """A file written with the schema. A subgraph: (tensors {name: (type, shape, constant)}, inputs, outputs, node); a node:
    (operator's number or custom code, inputs, outputs, options table or bytes). A tensor's (scale, zero point) may follow
    its constant, or "variable"; instead of a node may stand a list. The input None is absent."""
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema
    model = schema.ModelT()
    model.version, model.buffers, model.operatorCodes, model.subgraphs = 3, [schema.BufferT()], [], []
    for tensors, inputs, outputs, nodes in subgraphs:
        graph, names = schema.SubGraphT(), list(tensors)
        graph.tensors, graph.operators = [], []
        for name, (dtype, shape, constant, *more) in tensors.items():
            tensor = schema.TensorT()
            tensor.name, tensor.type, tensor.shape = name, getattr(schema.TensorType, dtype), shape
            if constant is not None:
                tensor.buffer = len(model.buffers)
                model.buffers.append(schema.BufferT())
                model.buffers[-1].data = np.frombuffer(constant.tobytes(), np.uint8)
            if more == ["variable"]:
                tensor.isVariable = True
            elif more:
                tensor.quantization = schema.QuantizationParametersT()
                tensor.quantization.scale, tensor.quantization.zeroPoint = [more[0][0]], [more[0][1]]
            graph.tensors.append(tensor)
        for code, takes, gives, options in nodes if isinstance(nodes, list) else [nodes]:
            opcode, node = schema.OperatorCodeT(), schema.OperatorT()
            custom = isinstance(code, str)
            opcode.builtinCode = schema.BuiltinOperator.CUSTOM if custom else code
            opcode.deprecatedBuiltinCode, opcode.version = min(opcode.builtinCode, 127), 1
            opcode.customCode = code if custom else None
            if custom:
                node.customOptions = np.frombuffer(options, np.uint8)
            elif options is not None:
                table = type(options).__name__[:-1]
                second = "2" if hasattr(schema.BuiltinOptions2, table) else ""
                setattr(node, f"builtinOptions{second}Type", getattr(getattr(schema, f"BuiltinOptions{second}"), table))
                setattr(node, f"builtinOptions{second}", options)
            node.opcodeIndex = len(model.operatorCodes)
            node.inputs, node.outputs = ([-1 if n is None else names.index(n) for n in side] for side in (takes, gives))
            graph.operators.append(node)
            model.operatorCodes.append(opcode)
        graph.inputs, graph.outputs = ([names.index(n) for n in side] for side in (inputs, outputs))
        model.subgraphs.append(graph)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def options(name, **fields):
    """A table of an operator's options."""
    from tensorflow.lite.python import schema_py_generated as schema
    table = getattr(schema, name + "T")()
    for key, value in fields.items():
        setattr(table, key, value)
    return table


def name_twice(data, signature, side):
    """The file with the second name of a signature's inputs (side 0) or outputs (1) made to mean the first one's tensor."""
    data = bytearray(data)

    def number(at):
        return int.from_bytes(data[at:at + 4], "little")

    def member(table, field):  # where the field of a FlatBuffers table lies; the table itself: left out, 0
        vtable = table - int.from_bytes(data[table:table + 4], "little", signed=True)
        within = 4 + 2 * field < int.from_bytes(data[vtable:vtable + 2], "little")
        return table + (int.from_bytes(data[vtable + 4 + 2 * field:][:2], "little") if within else 0)

    def item(table, field, i):  # table i of a vector
        vector = member(table, field)
        at = vector + number(vector) + 4 + 4 * i
        return at + number(at)

    ports = item(number(0), 7, signature)
    maps = [item(ports, side, i) for i in (0, 1)]
    first, second = (member(m, 1) for m in maps)
    if second == maps[1]:
        data[first:first + 4] = bytes(4)
    else:
        data[second:second + 4] = data[first:first + 4]
    return bytes(data)
