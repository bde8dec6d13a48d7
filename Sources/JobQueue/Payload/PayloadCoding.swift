import FoundationEssentials

/// How payloads become JSON and come back.
///
/// Most are one value, or an object of a few. Those are written and read here, for less than a quarter of what
/// Foundation's coders take, which was a third of all a worker did for a job that ends at once. Whatever else a payload
/// asks for makes this begin anew with Foundation's, which also say what is wrong: so every payload means what it means to
/// them.
enum PayloadCoding {
    private static let encoder = JSONEncoder()
    private static let decoder = JSONDecoder()

    /// - Throws: `EncodingError` where the payload cannot be written as JSON.
    static func text<Payload: Encodable>(of payload: Payload) throws -> String {
        // Foundation's coders alone know that this object is written as a text.
        if Payload.self != URL.self, let text = PlainEncoder.text(of: payload) { return text }
        return String(decoding: try encoder.encode(payload), as: UTF8.self)
    }

    /// - Throws: `DecodingError` where `text` is no such payload.
    static func payload<Payload: Decodable>(_ type: Payload.Type, of text: String) throws -> Payload {
        if let payload = PlainDecoder.payload(type, of: text) { return payload }
        return try decoder.decode(type, from: Data(text.utf8))
    }
}
