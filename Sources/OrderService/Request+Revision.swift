import CapacityAPI
import HTTPTypes
import Hummingbird

extension Request {
    /// The revision that `If-Match` asks for; `nil` where any will do. What is no ETag of ours matches nothing.
    func revision(orElse mismatch: @autoclosure () -> Problem) throws(Problem) -> Int64? {
        guard let header = headers[.ifMatch], header != "*" else { return nil }
        var text = Substring(header)
        if text.hasPrefix("\""), text.hasSuffix("\""), text.utf8.count > 2 { text = text.dropFirst().dropLast() }
        guard let revision = Int64(text) else { throw mismatch() }
        return revision
    }
}
