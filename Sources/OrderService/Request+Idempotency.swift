import CapacityAPI
import CapacityStore
import Crypto
import HTTPTypes
import Hummingbird

extension Request {
    /// The key that makes sending `body` twice safe, with the body's hash; `nil` where no key was sent.
    ///
    /// The hash is of the values, not of the bytes: the same order written with other spaces is the same order.
    func idempotency(of body: JSONValue) throws -> Idempotency? {
        guard let key = headers[.idempotencyKey] else { return nil }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (32...126).contains($0) }) else {
            let detail = "Idempotency-Key: 1 to 255 printable ASCII characters"
            throw Problem(
                .invalidOrder, detail: detail, errors: [FieldError(pointer: "", code: .badFormat, detail: detail)]
            )
        }
        return Idempotency(key: key, bodyHash: Array(SHA256.hash(data: try JSONText.bytes(body))))
    }
}
