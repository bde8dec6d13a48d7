/// What orders lost with a site that was declared lost.
package struct LossView: Codable, Sendable, Hashable {
    package struct Item: Codable, Sendable, Hashable {
        package var orderId: String
        package var tenant: String
        /// Instances that have failed with the site.
        package var lost: Int
        /// Of them, how many the order's spare makes up for; all others are placed anew where there is room.
        package var covered: Int

        package init(orderId: String, tenant: String, lost: Int, covered: Int) {
            self.orderId = orderId
            self.tenant = tenant
            self.lost = lost
            self.covered = covered
        }
    }

    package var lost: Int
    package var covered: Int
    /// Instances that may run there still: their agent has not said that they are gone, nor has their own end passed. While there are
    /// any the loss cannot be lifted.
    package var unstopped: Int
    /// The first orders, at most 1,000.
    package var items: [Item]
    /// Whether there are more than `items`.
    package var more: Bool

    package init(lost: Int, covered: Int, unstopped: Int, items: [Item], more: Bool) {
        self.lost = lost
        self.covered = covered
        self.unstopped = unstopped
        self.items = items
        self.more = more
    }
}
