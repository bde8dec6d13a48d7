import CapacityAPI
import FoundationEssentials

/// A list of the service's, read page by page.
struct Listing<Item: Codable & Hashable & Sendable>: Sendable {
    var items: [Item]
    /// The service's own JSON where it was one page; else one object with the items of all pages.
    var json: [UInt8]
    /// Whether there is more than was asked for.
    var isCut: Bool

    /// The list with only the items that `isWanted` says.
    func keeping(_ isWanted: (Item) -> Bool) throws(Failure) -> Listing {
        let kept = items.filter(isWanted)
        return Listing(items: kept, json: try JSONText.bytes(Page(items: kept, next: nil)), isCut: isCut)
    }
}

/// How this program writes JSON: fields sorted, so that the same value is the same bytes.
enum JSONText {
    static func bytes(_ value: some Encodable) throws(Failure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw Failure(.invalid, "this cannot be written as JSON: \(error)")
        }
    }
}

extension Service {
    /// The most items the service puts on a page.
    private static let pageLimit = 1_000
    /// Two million instances; a service that hands out cursors for ever is not followed.
    private static let pageCountLimit = 2_000

    /// The first `limit` items of the list at `path`, all of them where that is `nil`.
    func list<Item>(
        _ path: String,
        query: [(name: String, value: String)] = [],
        of type: Item.Type = Item.self,
        limit: Int? = nil
    ) async throws(Failure) -> Listing<Item> {
        var items: [Item] = []
        var bodies: [[UInt8]] = []
        var cursor: String?
        repeat {
            let size = min(Self.pageLimit, (limit ?? .max) - items.count)
            let place = cursor.map { [(name: "cursor", value: $0)] } ?? []
            let answer = try await send(Call(path: path, query: query + [("pageSize", "\(size)")] + place))
            let page = try answer.decoded(as: Page<Item>.self)
            items += page.items
            bodies.append(answer.body)
            cursor = page.next
        } while cursor != nil && items.count < limit ?? .max && bodies.count < Self.pageCountLimit
        return Listing(items: items, json: try Self.merged(bodies), isCut: cursor != nil)
    }

    private static func merged(_ bodies: [[UInt8]]) throws(Failure) -> [UInt8] {
        if bodies.count == 1 { return bodies[0] }
        let pages: [Page<JSONValue>]
        do {
            pages = try bodies.map { try JSONDecoder().decode(Page<JSONValue>.self, from: Data($0)) }
        } catch {
            throw Failure(.unavailable, "the pages of the list cannot be put together: \(error)")
        }
        return try JSONText.bytes(Page(items: pages.flatMap(\.items), next: nil))
    }
}

/// Where an order is found.
func orderPath(_ id: String, _ rest: String = "") -> String {
    "/v1/orders/\(Service.escaped(id))\(rest)"
}
