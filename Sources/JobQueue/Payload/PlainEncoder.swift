/// Writes a payload as JSON that is one value, or an object of values that need no escapes.
///
/// Whatever else is asked for is beyond it, and noted as well as thrown; what was written by then is forgotten.
struct PlainEncoder: Encoder {
    private let writing: Writing
    /// Whether this is for a field of an object, which can be a value only.
    private let isField: Bool
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// `nil` where anything was beyond it.
    static func text(of payload: some Encodable) -> String? {
        let writing = Writing()
        do {
            try payload.encode(to: PlainEncoder(writing: writing, isField: false, codingPath: []))
            return writing.text()
        } catch {
            // Foundation's encoder meets it too, and has the better words for it.
            return nil
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if isField { writing.isBeyond = true } else { writing.beginObject() }
        return KeyedEncodingContainer(Fields(writing: writing))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        writing.isBeyond = true
        return Single(writing: writing, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(writing: writing, codingPath: codingPath) }

    /// What has been written of one payload.
    fileprivate final class Writing {
        private var bytes: [UInt8] = []
        private var isObject = false
        private var fieldCount = 0
        private var valueCount = 0
        var isBeyond = false

        init() {
            bytes.reserveCapacity(64)
        }

        /// All of it, `nil` where that is not what the payload asked for: each field has one value, all else is one.
        func text() -> String? {
            guard !isBeyond, valueCount == (isObject ? fieldCount : 1) else { return nil }
            if isObject { bytes.append(UInt8(ascii: "}")) }
            return String(decoding: bytes, as: UTF8.self)
        }

        func beyond() -> any Error {
            isBeyond = true
            return Beyond()
        }

        func beginObject() {
            // A second container of one payload adds to the first.
            guard !isObject else { return }
            isObject = true
            isBeyond = isBeyond || valueCount > 0
            bytes.append(UInt8(ascii: "{"))
        }

        func key(_ key: String) throws {
            guard !isBeyond, valueCount == fieldCount, key.utf8.allSatisfy({ $0 < 0x80 }) else { throw beyond() }
            if fieldCount > 0 { bytes.append(UInt8(ascii: ",")) }
            fieldCount += 1
            try quote(key)
            bytes.append(UInt8(ascii: ":"))
        }

        /// A value in the form JSON has for it.
        func value(_ text: String) {
            valueCount += 1
            bytes.append(contentsOf: text.utf8)
        }

        func string(_ text: String) throws {
            valueCount += 1
            try quote(text)
        }

        private func quote(_ text: String) throws {
            bytes.append(UInt8(ascii: "\""))
            for byte in text.utf8 {
                guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { throw beyond() }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private struct Beyond: Error {}
}

extension PlainEncoder {
    private struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let writing: Writing
        var codingPath: [any CodingKey] { [] }

        private func write(_ value: some CustomStringConvertible, _ key: Key) throws {
            try writing.key(key.stringValue)
            writing.value(value.description)
        }

        func encodeNil(forKey key: Key) throws { try write("null", key) }
        func encode(_ value: Bool, forKey key: Key) throws { try write(value, key) }
        func encode(_ value: Double, forKey key: Key) throws { throw writing.beyond() }
        func encode(_ value: Float, forKey key: Key) throws { throw writing.beyond() }
        func encode(_ value: Int, forKey key: Key) throws { try write(value, key) }
        func encode(_ value: Int8, forKey key: Key) throws { try write(value, key) }
        func encode(_ value: Int16, forKey key: Key) throws { try write(value, key) }
        func encode(_ value: Int32, forKey key: Key) throws { try write(value, key) }
        func encode(_ value: Int64, forKey key: Key) throws { try write(value, key) }
        func encode(_ value: UInt, forKey key: Key) throws { try write(value, key) }
        func encode(_ value: UInt8, forKey key: Key) throws { try write(value, key) }
        func encode(_ value: UInt16, forKey key: Key) throws { try write(value, key) }
        func encode(_ value: UInt32, forKey key: Key) throws { try write(value, key) }
        func encode(_ value: UInt64, forKey key: Key) throws { try write(value, key) }

        func encode(_ value: String, forKey key: Key) throws {
            try writing.key(key.stringValue)
            try writing.string(value)
        }

        func encode<Other: Encodable>(_ value: Other, forKey key: Key) throws {
            try writing.key(key.stringValue)
            try value.encode(to: PlainEncoder(writing: writing, isField: true, codingPath: [key]))
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy _: Nested.Type, forKey _: Key
        ) -> KeyedEncodingContainer<Nested> {
            writing.isBeyond = true
            return KeyedEncodingContainer(Fields<Nested>(writing: writing))
        }

        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            nested([key]).unkeyedContainer()
        }
        func superEncoder() -> any Encoder { nested([]) }
        func superEncoder(forKey key: Key) -> any Encoder { nested([key]) }

        private func nested(_ path: [any CodingKey]) -> PlainEncoder {
            writing.isBeyond = true
            return PlainEncoder(writing: writing, isField: true, codingPath: path)
        }
    }

    /// One value. Also takes in the elements of an array, which is beyond this encoder by then.
    private struct Single: SingleValueEncodingContainer, UnkeyedEncodingContainer {
        let writing: Writing
        let codingPath: [any CodingKey]
        var count: Int { 0 }

        func encodeNil() throws { writing.value("null") }
        func encode(_ value: Bool) throws { writing.value(value.description) }
        func encode(_ value: String) throws { try writing.string(value) }
        func encode(_ value: Double) throws { throw writing.beyond() }
        func encode(_ value: Float) throws { throw writing.beyond() }
        func encode(_ value: Int) throws { writing.value(value.description) }
        func encode(_ value: Int8) throws { writing.value(value.description) }
        func encode(_ value: Int16) throws { writing.value(value.description) }
        func encode(_ value: Int32) throws { writing.value(value.description) }
        func encode(_ value: Int64) throws { writing.value(value.description) }
        func encode(_ value: UInt) throws { writing.value(value.description) }
        func encode(_ value: UInt8) throws { writing.value(value.description) }
        func encode(_ value: UInt16) throws { writing.value(value.description) }
        func encode(_ value: UInt32) throws { writing.value(value.description) }
        func encode(_ value: UInt64) throws { writing.value(value.description) }

        func encode<Other: Encodable>(_ value: Other) throws {
            try value.encode(to: PlainEncoder(writing: writing, isField: true, codingPath: codingPath))
        }

        func nestedContainer<Nested: CodingKey>(keyedBy _: Nested.Type) -> KeyedEncodingContainer<Nested> {
            writing.isBeyond = true
            return KeyedEncodingContainer(Fields<Nested>(writing: writing))
        }

        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self }
        func superEncoder() -> any Encoder {
            writing.isBeyond = true
            return PlainEncoder(writing: writing, isField: true, codingPath: codingPath)
        }
    }
}
