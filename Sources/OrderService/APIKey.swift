import CapacityAPI
import Crypto

/// An API key: `mk_`, a letter for its role, `_`, and 32 random bytes in hexadecimal.
///
/// The role's letter is for people and for secret scanners; what a key may do is what the database says. Only the hash
/// is stored.
struct APIKey: Sendable {
    /// The key itself, to be shown once.
    let text: String

    /// A new key from the system's random source.
    init(for role: KeyRole) {
        var generator = SystemRandomNumberGenerator()
        self.init(for: role, using: &generator)
    }

    init(for role: KeyRole, using generator: inout some RandomNumberGenerator) {
        let letter =
            switch role {
            case .tenant: "t"
            case .operator: "o"
            case .agent: "a"
            }
        let random = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        text = "mk_\(letter)_" + random.map(hexadecimal).joined()
    }

    /// The key that `text` is, or `nil` where it cannot be one; those are not worth a look-up.
    init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.count == 69, text.hasPrefix("mk_"), bytes.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        self.text = text
    }

    /// SHA-256 of the whole key. A key has 256 random bits, so a slow hash would protect nothing more.
    var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

    /// The part that may be logged and listed.
    var prefix: String { String(text.prefix(10)) }
}

/// Two hexadecimal digits.
func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.utf8.count == 1 ? "0" + digits : digits
}
