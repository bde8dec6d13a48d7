/// PostgreSQL's text form of one-dimensional arrays: `{1,NULL,"a \"b\""}`.
enum ArrayText {
    static func encode(_ items: some Sequence<String?>) -> String {
        var text: [UInt8] = [open]
        for item in items {
            if text.count > 1 { text.append(comma) }
            guard let item else {
                text += "NULL".utf8
                continue
            }
            if isPlain(item) {
                text += item.utf8
            } else {
                appendQuoted(item.utf8, to: &text)
            }
        }
        text.append(close)
        return String(decoding: text, as: UTF8.self)
    }

    /// Digits and signs need no quotes; everything else, `NULL` and the empty string among it, gets them.
    private static func isPlain(_ item: String) -> Bool {
        !item.isEmpty && item.utf8.allSatisfy { (48...57).contains($0) || $0 == 45 || $0 == 46 }
    }

    private static func appendQuoted(_ item: String.UTF8View, to text: inout [UInt8]) {
        text.append(quote)
        for byte in item {
            if byte == quote || byte == backslash { text.append(backslash) }
            text.append(byte)
        }
        text.append(quote)
    }

    /// The items of an array, or `nil` where the text is no array of one dimension.
    static func decode(_ bytes: UnsafeBufferPointer<UInt8>) -> [[UInt8]?]? {
        // Arrays that do not begin at 1 are prefixed by their bounds: [0:1]={a,b}
        guard let brace = bytes.firstIndex(of: open), bytes.last == close else { return nil }
        guard brace == 0 || bytes[brace - 1] == UInt8(ascii: "=") else { return nil }
        var position = brace + 1
        let end = bytes.count - 1
        var items: [[UInt8]?] = []
        while position < end {
            let item: [UInt8]?
            if bytes[position] == quote {
                guard let quoted = quotedItem(bytes, &position, end) else { return nil }
                item = quoted
            } else {
                let start = position
                while position < end, bytes[position] != comma { position += 1 }
                let raw = bytes[start..<position]
                guard !raw.isEmpty, !raw.contains(open) else { return nil }
                item = raw.elementsEqual("NULL".utf8) ? nil : Array(raw)
            }
            items.append(item)
            guard position < end else { break }
            guard bytes[position] == comma else { return nil }
            position += 1
        }
        return items
    }

    private static let open = UInt8(ascii: "{")
    private static let close = UInt8(ascii: "}")
    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let backslash = UInt8(ascii: "\\")

    private static func quotedItem(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ position: inout Int,
        _ end: Int
    ) -> [UInt8]? {
        var item: [UInt8] = []
        position += 1
        while position < end, bytes[position] != quote {
            if bytes[position] == backslash { position += 1 }
            item.append(bytes[position])
            position += 1
        }
        guard position < end else { return nil }
        position += 1
        return item
    }
}
