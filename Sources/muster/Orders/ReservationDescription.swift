import CapacityAPI
import CapacityModel

/// Reservations in words, for `-o table`.
enum ReservationDescription {
    static func text(_ reservation: ReservationView) -> String {
        var facts = Facts()
        facts.add("reservation", reservation.id)
        facts.add("name", reservation.name)
        facts.add("state", reservation.state.rawValue)
        facts.add("holds", "\(reservation.count) x \(reservation.spec.words)")
        facts.add("window", OrderDescription.text(reservation.window))
        facts.add("made", reservation.createdAt.toTheSecond)
        facts.add("expires", reservation.expiresAt.toTheSecond)
        facts.add("counts", text(reservation.counts))
        let plan = reservation.plan.groups.isEmpty ? "" : "\n" + OrderDescription.provinces(reservation.plan)
        return facts.text + plan
    }

    static func text(_ reservations: [ReservationView]) -> String {
        var table = Table([
            .text("reservation"), .text("name"), .text("state"), .number("count"), .number("held"), .number("drawn"),
            .text("expires"), .text("window"),
        ])
        for reservation in reservations {
            table.add(
                reservation.id, reservation.name ?? "", reservation.state.rawValue, "\(reservation.count)",
                "\(reservation.counts.held)", "\(reservation.counts.drawn)", reservation.expiresAt.toTheSecond,
                OrderDescription.text(reservation.window)
            )
        }
        return table.text
    }

    /// Only the counts that are not zero.
    private static func text(_ counts: ReservationView.Counts) -> String {
        let parts = [(counts.held, "held"), (counts.drawn, "drawn by orders"), (counts.released, "released")]
        return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
}

extension AmountsView {
    /// The amounts that are not zero: `8 vCPU, 16384 MiB, 0.5 x G2`.
    var words: String {
        var parts = ["\(plain(vcpu)) vCPU, \(memoryMiB) MiB"]
        if diskGiB > 0 { parts.append("\(diskGiB) GiB disk") }
        if bandwidthMbps > 0 { parts.append("\(bandwidthMbps) Mbps") }
        if let gpu { parts.append("\(plain(gpu.count)) x \(gpu.model)") }
        return parts.joined(separator: ", ")
    }
}
