/// Which hosts of a site take how many.
extension Supply {
    /// What costs no large slot first, then where the fewest are lost for the shortest time. Of hosts that are equal in
    /// that the tightest that takes all that is left; while there is none, the fullest whole.
    func hosts(for count: Int, among range: Range<Int>, on inventory: Inventory) -> [(host: Int, count: Int)] {
        let free = min(count, range.reduce(0) { $0 + spare.hosts[$1] })
        let first = tightest(for: free, among: range) { spare.hosts[$0] }
        guard free < count else { return first }
        var breaking = SlotBreaking(self, among: range, taken: first, on: inventory)
        breaking.take(count - free)
        return breaking.oneHost(for: count).map { [(host: $0, count: count)] } ?? breaking.taken
    }

    /// Tight, so that large holes stay whole for large specs; one host rather than several where one will do, because
    /// each host of a plan is a row the ledger locks.
    private func tightest(
        for count: Int, among range: Range<Int>, room: (Int) -> Int
    ) -> [(host: Int, count: Int)] {
        let free = range.filter { room($0) > 0 }.sorted { (room($0), $0) < (room($1), $1) }
        var filled: [(host: Int, count: Int)] = []
        var rest = count
        for (index, host) in free.enumerated() where rest > 0 {
            if let last = free.last, room(last) >= rest {
                let tightest = free[index...].first { room($0) >= rest } ?? last
                filled.append((tightest, rest))
                return filled
            }
            filled.append((host, room(host)))
            rest -= room(host)
        }
        return filled
    }
}
