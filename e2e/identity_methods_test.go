package e2e

import (
	"context"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

func identityMethods() map[string]method {
	type w = worldtest.World
	type c = worldtest.Case
	nothing := struct{}{}
	return map[string]method{
		"identity.Reaches":      {none: "it looks at the end of an address"},
		"identity.StageAccount": {none: "TestAProofEndsItsOwnWorkspaceAlone"},
		"identity.AgeSessions":  {none: "TestAProofEndsItsOwnWorkspaceAlone"},
		"identity.StageMember":  {none: "it works in a workspace that nobody has, for the program's own checks"},
		"identity.StageProof":   {none: "it makes a workspace that nobody has, for the program's own checks"},
		"identity.EndProof":     {none: "TestAProofEndsItsOwnWorkspaceAlone"},
		"identity.IssueSetup":   {none: "the program itself calls it, at its start"},
		"identity.Prepare":      {none: "the program itself calls it, at its start, and never once there is an owner"},
		"identity.Owned":        {none: "anybody may know it"},
		"identity.SetupOpen":    {none: "its token is its right"},
		"identity.FirstRun":     {none: "its token is its right"},
		"identity.SignIn":       {none: "its password is its right"},
		"identity.Enter":        {none: "the doors call it, for an account whose person they have verified"},
		"identity.Continue":     {none: "its challenge and the factor are its right"},
		"identity.Renewal":      {none: "its challenge is its right"},
		"identity.Spend":        {none: "part of an act of its caller's"},
		"identity.BeginRenewed": {none: "part of an act of its caller's"},
		"account.Renewing":      {none: "its challenge is its right"},
		"account.RenewPassword": {none: "its challenge is its right, given for the password that is too old"},
		"identity.Resolve":      {none: "its token is its right"},
		"identity.SignOut":      {none: "TestNobodyEndsAnothersSession"},
		"identity.Me": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Identity.Me(ctx)
		}},
		"identity.NameOf": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Identity.NameOf(ctx, tenant.NewID[tenant.MemberID](w.Source))
		}},

		"idempotency.Run":          {none: "the program itself runs it"},
		"idempotency.Collect":      {none: "the program itself calls it, and it acts in each workspace as that one's collector"},
		"idempotency.Begin":        {none: "TestAnAnswerIsItsAskersAlone"},
		"identity.Resume":          {none: "its token is its right"},
		"identity.StillIn":         {none: "it is about the acting session alone"},
		"identity.While":           {none: "httpd calls it, for whom it let in"},
		"identity.Watch":           {none: "the program itself runs it"},
		"identity.Run":             {none: "the program itself runs it"},
		"identity.Confirm":         {none: "TestNobodyTouchesAnothersSession; its caller has verified the factor"},
		"identity.Renew":           {none: "TestNobodyTouchesAnothersSession; part of an act of its caller's"},
		"identity.Sessions":        {none: "TestNobodyTouchesAnothersSession"},
		"identity.NameSession":     {none: "TestNobodyTouchesAnothersSession"},
		"identity.SignOutOthers":   {none: "TestNobodyTouchesAnothersSession"},
		"identity.EndAll":          {none: "its caller has decided that an account is shut out"},
		"identity.EndMember":       {none: "its caller has decided that a member is shut out"},
		"identity.EndOthers":       {none: "part of an act of its caller's"},
		"identity.Changed":         {none: "part of an act of its caller's"},
		"account.Run":              {none: "the program itself runs it"},
		"identity.Mails":           {none: "it says whether letters are sent"},
		"identity.NotMe":           {none: "part of an act of its caller's"},
		"identity.AskVerification": {none: "part of an act of its caller's"},
		"account.Drain":            {none: "the program itself calls it"},
		"account.Forgot":           {none: "anybody may ask, and learns nothing"},
		"account.ResetLink": {least: gate.Admin, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			_, err := w.Accounts.ResetLink(ctx, c.Person) // who is disabled
			return nothing, err
		}},
		"account.Resettable": {least: gate.Admin, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Accounts.Resettable(ctx, c.Person)
		}},
		"account.ResetOpen":       {none: "its token is its right"},
		"account.Reset":           {none: "its token is its right"},
		"account.VerifyOpen":      {none: "its token is its right"},
		"account.Verify":          {none: "its token is its right"},
		"account.DisownOpen":      {none: "its token is its right"},
		"account.Disown":          {none: "its token is its right"},
		"account.Profile":         {none: "it is about the acting account alone"},
		"account.ChangePassword":  {none: "it is about the acting account alone, and its password is its right"},
		"account.AskVerification": {none: "it is about the acting account alone"},
		"account.ChangeAddress":   {none: "it is about the acting account alone"},
	}
}
