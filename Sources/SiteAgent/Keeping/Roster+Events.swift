import CapacityAPI
import CapacityModel

extension Roster {
    /// Takes in one event that became known at `now`, the centre's time.
    mutating func handle(_ event: Event, at now: Instant) {
        switch event {
        case .joined(let sites): join(sites)
        case .pulled(let site, let after, let answer): pull(site, after: after, answer, at: now)
        case .surveyed(let found, let asOf): survey(found, asOf: asOf, at: now)
        case .started(let instance, let address): apply(to: instance) { $0.started(address: address, at: now) }
        case .startFailed(let instance, let failure): apply(to: instance) { $0.startFailed(failure, at: now) }
        case .halted(let instance, .gone): apply(to: instance) { $0.gone(at: now) }
        case .halted(let instance, .lingering): apply(to: instance) { $0.lingers(at: now) }
        case .stopFailed(let instance): apply(to: instance) { $0.stopFailed(at: now) }
        case .reported(let site, let answer): reported(site, answer)
        }
    }

    /// Where the next question about `site` starts, and whether the centre may wait before it answers.
    mutating func nextPull(of site: String) -> (after: Int64, mayWait: Bool)? {
        guard let state = sites[site] else { return nil }
        if state.following == .resyncWanted {
            sites[site]?.following = .resyncing
            sites[site]?.cursor = 0
            note(site: site)
            return (0, false)
        }
        return (state.cursor, state.following == .cursor)
    }

    private mutating func join(_ joined: [AgentWire.Joined.Site]) {
        for site in joined {
            if sites[site.name] == nil {
                // Without a record there may be instances of it even so: what the engine has is compared with all
                // that is assigned, not only with what is new.
                let outbox = Outbox(lastSequence: site.reportSequence)
                sites[site.name] = SiteState(cursor: 0, following: .resyncWanted, outbox: outbox)
                note(site: site.name)
            } else if let outbox = sites[site.name]?.outbox, outbox.travelling.isEmpty,
                site.reportSequence > outbox.lastSequence
            {
                _ = sites[site.name]?.outbox.goOn(after: site.reportSequence)
                note(site: site.name)
            }
        }
    }

    private mutating func pull(_ site: String, after: Int64, _ answer: AgentWire.Assignments, at now: Instant) {
        guard let state = sites[site] else { return }
        for assignment in answer.assignments {
            if instances[assignment.instance] == nil {
                add(InstanceMachine(assignment), at: site) { $0.arrived(at: now) }
            } else {
                apply(to: assignment.instance) { $0.assigned(assignment, at: now) }
            }
        }
        // An answer to a question that was asked before a resync was wanted moves no cursor.
        guard state.following != .resyncWanted else { return }
        if let last = answer.assignments.last?.sequence, last > state.cursor {
            sites[site]?.cursor = last
            note(site: site)
        }
        if state.following == .resyncing, !answer.more, after == state.cursor {
            sites[site]?.following = .cursor
            for (instance, held) in instances where held.site == site && held.machine.isProvisional {
                apply(to: instance) { $0.disowned(at: now) }
            }
        }
    }

    private mutating func survey(_ found: [Existing], asOf: Int, at now: Instant) {
        var states: [String: Existing.State] = [:]
        var strangers: [Existing] = []
        for existing in found {
            states[existing.instance] = existing.state
            if instances[existing.instance] == nil, sites[existing.site] != nil { strangers.append(existing) }
        }
        for (instance, held) in instances {
            if held.isUnseen {
                apply(to: instance) { $0.resumed(states[instance], at: now) }
            } else if held.changedIn <= asOf {
                apply(to: instance) { $0.surveyed(states[instance], at: now) }
            }
        }
        // One that was just forgotten may still be in this look: only what two looks have seen is an orphan. Where
        // all live assignments are about to be read, the first look counts, or a second start would overtake it.
        for existing in strangers
        where suspects.contains(existing.instance) || sites[existing.site]?.following == .resyncWanted {
            add(InstanceMachine(orphan: existing), at: existing.site) { $0.surveyed(existing.state, at: now) }
            sites[existing.site]?.following = .resyncWanted
        }
        suspects = Set(strangers.map(\.instance))
    }

    private mutating func reported(_ name: String, _ answer: AgentWire.Reported) {
        guard var site = sites[name], let report = site.outbox.report else { return }
        if site.outbox.acknowledged(answer.sequence) {
            sites[name] = site
            acknowledge(name)
        } else if answer.sequence + 1 != report.sequence, site.outbox.goOn(after: answer.sequence) {
            sites[name] = site
            renumber(name)
        }
    }
}
