import CapacityAPI
import CapacityModel

/// Headrooms as a person reads them.
enum HeadroomDescription {
    static func text(_ headrooms: [HeadroomView]) -> String {
        var table = Table([
            .text("site"), .text("class"), .text("share"), .text("protected"), .text("used by it"), .text("reason"),
        ])
        for headroom in headrooms {
            table.add(
                headroom.site, headroom.tenantClass, headroom.share.map(plain) ?? "-", text(headroom.protected),
                text(headroom.used), headroom.reason)
        }
        return table.text
    }

    static func text(_ headroom: HeadroomView) -> String {
        var text = text([headroom])
        guard let shortfall = headroom.shortfall else { return text }
        guard let until = shortfall.until else { return text + "\nNobody else uses what is protected there.\n" }
        var table = Table([.text("host"), .text("resource"), .number("missing"), .text("from"), .text("until")])
        for item in shortfall.items {
            table.add(
                item.host, item.resource, plain(item.missing), item.window.start.toTheSecond,
                item.window.end.toTheSecond)
        }
        text += "\nOthers use some of what is protected there until \(until.toTheSecond):\n\n" + table.text
        return text + (shortfall.more ? "There is more than this.\n" : "")
    }

    private static func text(_ amounts: HeadroomView.Amounts) -> String {
        var parts: [String] = []
        if amounts.vcpu > 0 { parts.append("\(plain(amounts.vcpu)) vCPU") }
        if amounts.memoryMiB > 0 { parts.append("\(amounts.memoryMiB) MiB") }
        if amounts.diskGiB > 0 { parts.append("\(amounts.diskGiB) GiB disk") }
        if amounts.bandwidthMbps > 0 { parts.append("\(amounts.bandwidthMbps) Mbps") }
        if amounts.gpuCount > 0 { parts.append("\(amounts.gpuCount) GPU") }
        return parts.isEmpty ? "-" : parts.joined(separator: ", ")
    }
}
