/// What an order survives with all of its count: the loss of so many sites, whichever they are.
///
/// It takes a *spare*: room for more instances, reserved like that of the others, and not delivered until it is needed. With
/// a count of n and a spare of s, at most s of the n + s may be at any one site.
package struct Survival: Hashable, Sendable, Codable {
    /// How many sites may be lost at the same time; only the loss of one is served.
    package var sites: Int

    package init(sites: Int = 1) { self.sites = sites }
}
