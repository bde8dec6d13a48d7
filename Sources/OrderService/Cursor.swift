import FoundationEssentials

/// A place in a list, opaque to callers: base64url of the list's name and the last item's key.
struct Cursor: Equatable {
    enum List: String, CaseIterable {
        case orders, reservations, instances, sites, hosts, closures, headrooms, tenants
    }

    let list: List
    let place: String

    init(list: List, place: String) {
        self.list = list
        self.place = place
    }

    /// The cursor that `text` is, or `nil` where it is none of this list.
    init?(_ text: String, of list: List) {
        guard text.utf8.count <= 512 else { return nil }
        var base64 = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        base64 += Array(repeating: "=", count: (4 - base64.count % 4) % 4)
        guard let data = Data(base64Encoded: String(base64)), let plain = String(validating: data, as: UTF8.self) else {
            return nil
        }
        let prefix = list.rawValue + ":"
        guard plain.hasPrefix(prefix), plain.utf8.count > prefix.utf8.count, !plain.utf8.contains(0) else { return nil }
        self.init(list: list, place: String(plain.dropFirst(prefix.count)))
    }

    var text: String {
        let base64 = Data("\(list.rawValue):\(place)".utf8).base64EncodedString()
        return String(base64.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }
}
