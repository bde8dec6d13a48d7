extension FieldReader {
    /// Reads a whole body that is one object; what was found wrong, unknown fields included, makes it a failure.
    static func readBody<Value>(
        _ body: JSONValue,
        _ read: (FieldReader) -> Value?
    ) -> Result<Value, InvalidBody> {
        let findings = Findings()
        guard case .object(let fields) = body else {
            findings.add(FieldError(pointer: "", code: .wrongType, detail: "expected an object, found \(body.kind)"))
            return .failure(InvalidBody(errors: findings.errors))
        }
        let reader = FieldReader(fields, at: "", findings: findings)
        let value = read(reader)
        reader.finish()
        guard findings.errors.isEmpty, let value else { return .failure(InvalidBody(errors: findings.errors)) }
        return .success(value)
    }
}
