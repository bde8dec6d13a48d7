/// How much work may go into costing fewer large slots than the first plan of an order: hosts that are looked at.
///
/// Work and not time, because a clock would make a plan depend on the machine. A host is looked at once, and gone over eight
/// times at most; where groups that had to be opened would close, once more. The standard, 1,024 hosts, was measured over a week of mixed orders on 20,000 hosts, beside other load on one core:
/// 0.6 ms at the median, 2 at the 99th percentile. It bounds what an order of a million takes as well, but for one comparison for each
/// host of its plan and each that has room.
package struct ImprovementBudget: Hashable, Sendable {
    package var hosts: Int

    package init(hosts: Int) {
        self.hosts = hosts
    }

    /// What every order has: one to two milliseconds.
    package static let standard = ImprovementBudget(hosts: 1_024)
    /// The first plan, as it is.
    package static let none = ImprovementBudget(hosts: 0)
}
