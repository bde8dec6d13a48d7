/// Reads a payload from a ``PlainJSON``: values, and an object's fields that are values.
///
/// Whatever else is asked for, and whatever is missing or of another type, is beyond it. That is noted as well as thrown,
/// because a payload may catch what is thrown, and go on.
struct PlainDecoder: Decoder {
    private let reading: Reading
    private let content: PlainJSON.Content
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// `nil` where anything was beyond it; what the payload then is, or what is wrong, others must say.
    static func payload<Payload: Decodable>(_ type: Payload.Type, of text: String) -> Payload? {
        guard let json = PlainJSON(text) else { return nil }
        let reading = Reading(json)
        do {
            let payload = try Payload(from: PlainDecoder(reading: reading, content: json.content, codingPath: []))
            return reading.isBeyond ? nil : payload
        } catch {
            // Foundation's decoder meets it too, and has the better words for it.
            return nil
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let fields) = content else { throw reading.beyond() }
        return KeyedDecodingContainer(Fields(reading: reading, fields: fields))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw reading.beyond() }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        guard case .value(let value) = content else { throw reading.beyond() }
        return Single(reading: reading, value: value, codingPath: codingPath)
    }

    /// One reading of one text.
    fileprivate final class Reading {
        let json: PlainJSON
        private(set) var isBeyond = false

        init(_ json: PlainJSON) {
            self.json = json
        }

        func beyond() -> any Error {
            isBeyond = true
            return Beyond()
        }

        func integer<Integer: FixedWidthInteger>(_ value: PlainJSON.Value) throws -> Integer {
            guard case .integer(let number) = value, let integer = Integer(exactly: number) else { throw beyond() }
            return integer
        }

        func real(_ value: PlainJSON.Value) throws -> Double {
            guard case .integer(let number) = value else { throw beyond() }
            return Double(number)
        }

        func boolean(_ value: PlainJSON.Value) throws -> Bool {
            guard case .boolean(let boolean) = value else { throw beyond() }
            return boolean
        }

        func string(_ value: PlainJSON.Value) throws -> String {
            guard case .string(let range) = value else { throw beyond() }
            return json.text(range)
        }

        func other<Other: Decodable>(_ value: PlainJSON.Value, at path: [any CodingKey]) throws -> Other {
            try Other(from: PlainDecoder(reading: self, content: .value(value), codingPath: path))
        }
    }

    private struct Beyond: Error {}
}

extension PlainDecoder {
    private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let reading: Reading
        let fields: [(key: Range<Int>, value: PlainJSON.Value)]
        var codingPath: [any CodingKey] { [] }

        var allKeys: [Key] { fields.compactMap { Key(stringValue: reading.json.text($0.key)) } }

        private func value(_ key: Key) throws -> PlainJSON.Value {
            guard let place = reading.json.field(key.stringValue, in: fields) else { throw reading.beyond() }
            return fields[place].value
        }

        func contains(_ key: Key) -> Bool { reading.json.field(key.stringValue, in: fields) != nil }

        func decodeNil(forKey key: Key) throws -> Bool {
            if case .null = try value(key) { true } else { false }
        }

        func decode(_: Bool.Type, forKey key: Key) throws -> Bool { try reading.boolean(value(key)) }
        func decode(_: String.Type, forKey key: Key) throws -> String { try reading.string(value(key)) }
        func decode(_: Double.Type, forKey key: Key) throws -> Double { try reading.real(value(key)) }
        func decode(_: Float.Type, forKey key: Key) throws -> Float { throw reading.beyond() }
        func decode(_: Int.Type, forKey key: Key) throws -> Int { try reading.integer(value(key)) }
        func decode(_: Int8.Type, forKey key: Key) throws -> Int8 { try reading.integer(value(key)) }
        func decode(_: Int16.Type, forKey key: Key) throws -> Int16 { try reading.integer(value(key)) }
        func decode(_: Int32.Type, forKey key: Key) throws -> Int32 { try reading.integer(value(key)) }
        func decode(_: Int64.Type, forKey key: Key) throws -> Int64 { try reading.integer(value(key)) }
        func decode(_: UInt.Type, forKey key: Key) throws -> UInt { try reading.integer(value(key)) }
        func decode(_: UInt8.Type, forKey key: Key) throws -> UInt8 { try reading.integer(value(key)) }
        func decode(_: UInt16.Type, forKey key: Key) throws -> UInt16 { try reading.integer(value(key)) }
        func decode(_: UInt32.Type, forKey key: Key) throws -> UInt32 { try reading.integer(value(key)) }
        func decode(_: UInt64.Type, forKey key: Key) throws -> UInt64 { try reading.integer(value(key)) }

        func decode<Other: Decodable>(_: Other.Type, forKey key: Key) throws -> Other {
            try reading.other(value(key), at: [key])
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy _: Nested.Type, forKey _: Key
        ) throws -> KeyedDecodingContainer<Nested> { throw reading.beyond() }

        func nestedUnkeyedContainer(forKey _: Key) throws -> any UnkeyedDecodingContainer { throw reading.beyond() }
        func superDecoder() throws -> any Decoder { throw reading.beyond() }
        func superDecoder(forKey _: Key) throws -> any Decoder { throw reading.beyond() }
    }

    private struct Single: SingleValueDecodingContainer {
        let reading: Reading
        let value: PlainJSON.Value
        let codingPath: [any CodingKey]

        func decodeNil() -> Bool {
            if case .null = value { true } else { false }
        }

        func decode(_: Bool.Type) throws -> Bool { try reading.boolean(value) }
        func decode(_: String.Type) throws -> String { try reading.string(value) }
        func decode(_: Double.Type) throws -> Double { try reading.real(value) }
        func decode(_: Float.Type) throws -> Float { throw reading.beyond() }
        func decode(_: Int.Type) throws -> Int { try reading.integer(value) }
        func decode(_: Int8.Type) throws -> Int8 { try reading.integer(value) }
        func decode(_: Int16.Type) throws -> Int16 { try reading.integer(value) }
        func decode(_: Int32.Type) throws -> Int32 { try reading.integer(value) }
        func decode(_: Int64.Type) throws -> Int64 { try reading.integer(value) }
        func decode(_: UInt.Type) throws -> UInt { try reading.integer(value) }
        func decode(_: UInt8.Type) throws -> UInt8 { try reading.integer(value) }
        func decode(_: UInt16.Type) throws -> UInt16 { try reading.integer(value) }
        func decode(_: UInt32.Type) throws -> UInt32 { try reading.integer(value) }
        func decode(_: UInt64.Type) throws -> UInt64 { try reading.integer(value) }
        func decode<Other: Decodable>(_: Other.Type) throws -> Other { try reading.other(value, at: codingPath) }
    }
}
